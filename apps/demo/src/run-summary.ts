import type { AdapterInfo, ComputeDevice, StepKind } from 'webdit';

/** The part of a run's report that is kept with its picture. Every `RunReport` is one. */
export interface RunSummary {
  readonly policy: string;
  readonly derived: boolean;
  readonly steps: readonly { readonly kind: StepKind; readonly ms: number }[];
  readonly totals: { readonly ms: number };
  readonly flopRatio: { readonly executed: number };
  readonly device: ComputeDevice;
  readonly adapter: AdapterInfo;
  readonly dtype: string;
}

/** Only what a summary has, and nothing that holds on to the rest. */
export function summarizeRun({
  policy,
  derived,
  steps,
  totals,
  flopRatio,
  device,
  adapter,
  dtype,
}: RunSummary): RunSummary {
  return {
    policy,
    derived,
    steps: steps.map(({ kind, ms }) => ({ kind, ms })),
    totals: { ms: totals.ms },
    flopRatio: { executed: flopRatio.executed },
    device,
    adapter: { ...adapter },
    dtype,
  };
}

/** Milliseconds of a run, in seconds. */
export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
}

/** What to call a graphics card. */
export function adapterText({ description, device, architecture, vendor }: AdapterInfo): string {
  return description || device || architecture || vendor || 'this GPU';
}
