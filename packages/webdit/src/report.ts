import { published, type RunPlan, runFlops, skipOf, type TransformerConfig } from '@webdit/core';
import type {
  AdapterInfo,
  ComputeDevice,
  DType,
  KindTotal,
  MathDType,
  RunReport,
  StepKind,
  StepReport,
  VaeBackend,
} from './types.ts';

/** What the executor measured for one picture. */
export interface MeasuredRun {
  readonly steps: readonly {
    readonly n: number;
    readonly kind: StepKind;
    readonly ms: number;
    readonly gpuMs?: number;
    readonly flops: number;
  }[];
  readonly waits: { readonly final: number; readonly probe: number };
  readonly peakBytes: number;
}

export interface ReportInputs {
  readonly model: TransformerConfig;
  readonly plan: RunPlan;
  readonly runs: readonly MeasuredRun[];
  readonly decodeMs: number;
  /** Of a run that starts from an image. */
  readonly encodeMs?: number | undefined;
  readonly device: ComputeDevice;
  readonly adapter: AdapterInfo;
  readonly dtype: DType;
  readonly math: MathDType;
  readonly vaeBackend: VaeBackend | null;
  readonly kernels: Readonly<Record<string, string>>;
}

/** Adds up what the pictures of one call cost. */
export function buildReport(inputs: ReportInputs): RunReport {
  const { model, plan, runs } = inputs;
  const rows = plan.labels.length;
  const planned = runFlops(model, plan);
  const publishedSteps = plan.steps.map((step) => published(model, rows, step, plan.captionTokens));
  // what a probe had skipped costs what a skip does
  const publishedSkips = plan.steps.map((step) => published(model, rows, skipOf(step), plan.captionTokens));
  const steps: StepReport[] = runs.flatMap((run, image) =>
    run.steps.map((step) => ({
      image,
      n: step.n,
      kind: step.kind,
      ms: step.ms,
      ...(step.gpuMs === undefined ? {} : { gpuMs: step.gpuMs }),
      flops: { executed: step.flops, published: (step.kind === 'skip' ? publishedSkips : publishedSteps)[step.n] ?? 0 },
    })),
  );
  const flops = {
    executed: sum(steps, (step) => step.flops.executed),
    published: sum(steps, (step) => step.flops.published),
  };
  const timed = steps.length > 0 && steps.every((step) => step.gpuMs !== undefined);
  return {
    policy: plan.policy,
    derived: plan.derived,
    sampler: plan.sampler,
    images: runs.length,
    steps,
    totals: {
      ms: sum(steps, (step) => step.ms),
      ...(timed ? { gpuMs: sum(steps, (step) => step.gpuMs ?? 0) } : {}),
      decodeMs: inputs.decodeMs,
      ...(inputs.encodeMs === undefined ? {} : { encodeMs: inputs.encodeMs }),
      flops,
      byKind: countKinds(steps),
    },
    flopRatio: {
      executed: ratio(runs.length * planned.executed.uncached, flops.executed),
      published: ratio(runs.length * planned.published.uncached, flops.published),
    },
    waits: { final: sum(runs, (run) => run.waits.final), probe: sum(runs, (run) => run.waits.probe) },
    peakGpuBytes: Math.max(0, ...runs.map((run) => run.peakBytes)),
    device: inputs.device,
    adapter: inputs.adapter,
    dtype: inputs.dtype,
    math: inputs.math,
    vaeBackend: inputs.vaeBackend,
    kernels: inputs.kernels,
  };
}

/** Two runs side by side: how much less time, and how much less arithmetic. Always two numbers, never one. */
export function compareReports(
  baseline: RunReport,
  run: RunReport,
): { readonly latencyRatio: number; readonly flopRatio: number } {
  return {
    latencyRatio: ratio(baseline.totals.ms / baseline.images, run.totals.ms / run.images),
    flopRatio: ratio(baseline.totals.flops.executed / baseline.images, run.totals.flops.executed / run.images),
  };
}

function countKinds(steps: readonly StepReport[]): Partial<Record<StepKind, KindTotal>> {
  const kinds: Partial<Record<StepKind, KindTotal>> = {};
  const timed = steps.every((step) => step.gpuMs !== undefined);
  for (const { kind, ms, gpuMs = 0 } of steps) {
    const before = kinds[kind] ?? { count: 0, ms: 0, ...(timed ? { gpuMs: 0 } : {}) };
    const sums = { count: before.count + 1, ms: before.ms + ms };
    kinds[kind] = before.gpuMs === undefined ? sums : { ...sums, gpuMs: before.gpuMs + gpuMs };
  }
  return kinds;
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}

function ratio(baseline: number, value: number): number {
  return value === 0 ? 1 : baseline / value;
}
