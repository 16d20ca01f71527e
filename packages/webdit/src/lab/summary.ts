import { mean, median, type StepKind } from '@webdit/core';
import type { CompareState, Measurement } from './comparison.ts';

/** One row of the trade-off table. Latency ratios are ratios of times and FLOP ratios of FLOPs; nothing mixes the two. */
export interface CompareSummary {
  readonly row: string;
  readonly policy: string;
  readonly derived: boolean;
  /** The sampler's name; missing in comparisons from before there were several. */
  readonly sampler?: string;
  readonly steps: number;
  /** Pictures measured. */
  readonly pairs: number;
  /** Milliseconds of the loop, median over the pairs. */
  readonly ms: number;
  /** The same on the GPU's clock, or null. */
  readonly gpuMs: number | null;
  /** Median uncached loop over this row's. */
  readonly latencyRatio: number;
  readonly gpuLatencyRatio: number | null;
  /** FLOPs of the uncached runs over this row's, in the two accounts of `flops.ts`; means over the pairs. */
  readonly flopRatio: { readonly executed: number; readonly published: number };
  /** Mean over the pairs; `identical` when every picture is, null without pictures. */
  readonly psnr: number | 'identical' | null;
  readonly ssim: number | null;
  /** Mean relative error of the final latents. */
  readonly latentError: number;
  /** Largest over the pairs. */
  readonly peakGpuBytes: number;
  readonly kinds: Readonly<Partial<Record<StepKind, KindSummary>>>;
}

/** The steps of one kind in a row of a comparison. */
export interface KindSummary {
  /** Steps of this kind per picture, mean over the pairs. A selective step that recomputes no token runs, and counts, as a reuse step. */
  readonly count: number;
  /** Milliseconds of one such step, median over steps and pairs. */
  readonly ms: number;
  readonly gpuMs: number | null;
}

/** Rows without any measurement are left out. The uncached row must be among the measured ones. */
export function summarize(state: CompareState, rowIds: readonly string[]): CompareSummary[] {
  const own = (row: string) => state.measurements.filter((measurement) => measurement.row === row);
  const uncached = own('none');
  return rowIds.flatMap((row) => {
    const measured = own(row);
    const first = measured[0];
    return first === undefined ? [] : [summarizeRow(first, measured, uncached)];
  });
}

function summarizeRow(
  first: Measurement,
  measured: readonly Measurement[],
  uncached: readonly Measurement[],
): CompareSummary {
  const ms = median(measured.map((m) => m.ms));
  const gpuMs = medianOrNull(measured.map((m) => m.gpuMs));
  const uncachedGpuMs = medianOrNull(uncached.map((m) => m.gpuMs));
  // some policies decide during the run, and so differently for each picture
  const flopsOf = (runs: readonly Measurement[], account: 'executed' | 'published') =>
    mean(runs.map((m) => m.flops[account]));
  const flops = (account: 'executed' | 'published') => flopsOf(uncached, account) / flopsOf(measured, account);
  return {
    row: first.row,
    policy: first.policy,
    derived: first.derived,
    ...(first.sampler === undefined ? {} : { sampler: first.sampler }),
    steps: first.steps,
    pairs: measured.length,
    ms,
    gpuMs,
    latencyRatio: median(uncached.map((m) => m.ms)) / ms,
    gpuLatencyRatio: gpuMs === null || uncachedGpuMs === null ? null : uncachedGpuMs / gpuMs,
    flopRatio: { executed: flops('executed'), published: flops('published') },
    psnr: meanPsnr(measured),
    ssim: meanOrNull(measured.map((m) => m.ssim)),
    latentError: mean(measured.map((m) => m.latentError)),
    peakGpuBytes: Math.max(...measured.map((m) => m.peakGpuBytes)),
    kinds: summarizeKinds(measured),
  };
}

function summarizeKinds(measured: readonly Measurement[]): Partial<Record<StepKind, KindSummary>> {
  const kinds: Partial<Record<StepKind, KindSummary>> = {};
  const names = new Set(measured.flatMap((m) => Object.keys(m.kinds) as StepKind[]));
  for (const kind of names) {
    const times = measured.flatMap((m) => m.kinds[kind] ?? []);
    const gpuMs = times.map((t) => t.gpuMs);
    kinds[kind] = {
      count: times.reduce((sum, t) => sum + t.ms.length, 0) / measured.length,
      ms: median(times.flatMap((t) => t.ms)),
      gpuMs: gpuMs.includes(null) ? null : median(gpuMs.flatMap((t) => t ?? [])),
    };
  }
  return kinds;
}

/** A picture that is identical has no finite PSNR: it is left out of the mean unless all are. */
function meanPsnr(measured: readonly Measurement[]): CompareSummary['psnr'] {
  const values = measured.map((m) => m.psnr);
  if (values.includes(null)) return null;
  const finite = values.filter((value) => typeof value === 'number');
  return finite.length === 0 ? 'identical' : mean(finite);
}

function meanOrNull(values: readonly (number | null)[]): number | null {
  const numbers = values.filter((value) => value !== null);
  return numbers.length < values.length || numbers.length === 0 ? null : mean(numbers);
}

function medianOrNull(values: readonly (number | null)[]): number | null {
  const numbers = values.filter((value) => value !== null);
  return numbers.length < values.length || numbers.length === 0 ? null : median(numbers);
}
