import type { BenchmarkResult, CheckKernelsResult, KernelCheck, PipelineInfo, TensorCheck, VerifyResult } from 'webdit';
import type { AdapterFacts } from './adapter.ts';

export const deviceFormat = 'webdit-device/1';

/** Reference runs, as far as they got. */
export interface GoldenState {
  readonly complete: boolean;
  readonly checks: readonly TensorCheck[];
  /** Null until all have run. */
  readonly result: VerifyResult | null;
}

/** Kernel checks, as far as they got. */
export interface KernelsState {
  readonly complete: boolean;
  readonly checks: readonly KernelCheck[];
  readonly result: CheckKernelsResult | null;
}

/** What the view knows about this device. */
export interface DeviceState {
  readonly adapter: AdapterFacts | null;
  readonly pipeline: PipelineInfo | null;
  readonly golden: GoldenState | null;
  readonly kernels: KernelsState | null;
  readonly benchmark: BenchmarkResult | null;
}

/** Where and when a document was made. */
export interface DocumentHead {
  /** ISO 8601. */
  readonly date: string;
  readonly webdit: string;
  readonly userAgent: string;
  readonly hardwareConcurrency: number;
  readonly crossOriginIsolated: boolean;
}

/** All that is known about this device as one plain value, to paste into an issue. Numbers that are none become null in JSON. */
export function deviceDocument(head: DocumentHead, { adapter, pipeline, golden, kernels, benchmark }: DeviceState) {
  return {
    format: deviceFormat,
    ...head,
    adapter,
    pipeline,
    check: {
      verdict: verdictOf(golden, kernels),
      golden: golden && {
        complete: golden.complete,
        ...(golden.result ?? { checks: golden.checks }),
      },
      kernels: kernels && {
        complete: kernels.complete,
        ok: kernels.result?.ok ?? null,
        checks: kernels.result?.checks ?? kernels.checks,
      },
    },
    benchmark,
  };
}

/** PASS when every reference run is within its targets with the kernels that are left; null while that is not known. */
export function verdictOf(golden: GoldenState | null, kernels: KernelsState | null): 'PASS' | 'FAIL' | null {
  if (golden?.result?.ok === false) return 'FAIL';
  return golden?.result && kernels?.complete ? 'PASS' : null;
}
