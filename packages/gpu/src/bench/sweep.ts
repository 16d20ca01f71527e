import { relativeError } from '@webdit/core';
import type { Kernel } from '@webdit/shaders';
import type { DeviceHolder } from '../device.ts';
import type { Dispatch } from '../program.ts';
import { type Ceilings, peakOf } from './ceilings.ts';
import { type BenchCase, type BenchOptions, type BenchResult, measureInterleaved } from './measure.ts';
import { shareOfCeiling } from './roofline.ts';
import { BenchScope } from './scope.ts';
import type { Work } from './work.ts';

/** One way of doing the work of a group. */
export interface SweepVariant {
  readonly name: string;
  readonly kernel: Kernel;
  /** Among those the library may run. */
  readonly kept: boolean;
  /** What the static table names for this adapter and size. */
  readonly chosen: boolean;
  /** The simple kernel that the others are measured and checked against. */
  readonly baseline: boolean;
}

/** Variants of one op at one size, all on the same data. */
export interface SweepGroup {
  readonly op: string;
  readonly shape: string;
  /** Number format of the weights, or of the whole op. */
  readonly format: string;
  readonly work: Work;
  /** Largest relative error against the baseline's result. */
  readonly tolerance: number;
  readonly variants: readonly SweepVariant[];
  /** Makes the data once and a dispatch for each variant that this device can run, all with the same outputs. */
  prepare(
    bench: BenchScope,
    variants: readonly SweepVariant[],
  ): { readonly dispatches: readonly Dispatch[]; readonly outputs: readonly GPUBuffer[] };
}

export interface SweepRate {
  readonly variant: string;
  readonly kept: boolean;
  readonly chosen: boolean;
  readonly baseline: boolean;
  readonly ms: number;
  readonly gflops: number;
  /** Share of the ceiling that binds. */
  readonly share: number;
  /** Time of the fastest over this one's: 1 is the fastest. */
  readonly ofBest: number;
  /** Time of the baseline over this one's; null where the baseline failed. */
  readonly overBaseline: number | null;
  /** Against the baseline's result; the first other variant's where the baseline does not compile. */
  readonly relativeError: number;
}

export interface SweepResult {
  readonly op: string;
  readonly shape: string;
  readonly format: string;
  /** Null when all failed. */
  readonly best: string | null;
  /** The fastest of those that are kept. */
  readonly bestKept: SweepRate | null;
  /** Fastest first. */
  readonly rates: readonly SweepRate[];
  /** Variants that want a feature this device has not. */
  readonly notRun: readonly string[];
  /** Variants this adapter does not compile or computes wrongly. */
  readonly failed: readonly SweepFailure[];
}

export interface SweepFailure {
  readonly variant: string;
  readonly error: string;
}

/** Times the fastest after which a variant is sampled no further: no more rounds would make it the fastest. */
const hopeless = 1.7;

/**
 * Measures the variants of each group in turns. Those that fail say why and are left out.
 * @throws WebDiTError for a lost device; the signal's reason.
 */
export async function runSweep(
  holder: DeviceHolder,
  groups: readonly SweepGroup[],
  ceilings: Ceilings,
  options: BenchOptions & { readonly onGroup?: (result: SweepResult) => void },
): Promise<SweepResult[]> {
  const results: SweepResult[] = [];
  for (const group of groups) {
    const result = await measureGroup(holder, group, ceilings, options);
    results.push(result);
    options.onGroup?.(result);
  }
  return results;
}

async function measureGroup(
  holder: DeviceHolder,
  group: SweepGroup,
  ceilings: Ceilings,
  options: BenchOptions,
): Promise<SweepResult> {
  const bench = new BenchScope(holder);
  const { op, shape, format, work } = group;
  const failed: SweepFailure[] = [];
  try {
    const runs = ({ kernel }: SweepVariant) => (kernel.features ?? []).every((name) => holder.features.has(name));
    const notRun = group.variants.filter((variant) => !runs(variant)).map(({ name }) => name);
    const variants = await compilable(bench, group.variants.filter(runs), failed);
    const { dispatches, outputs } = group.prepare(bench, variants);
    await bench.ready(options.signal);
    const entries = variants.map((variant, i): Entry => ({ variant, dispatch: dispatches[i] as Dispatch }));
    const right = await checkAgainstBaseline(bench, group, entries, outputs, failed);
    const cases = right.map(({ variant, dispatch }): BenchCase => {
      return { name: variant.name, program: [dispatch], flops: work.flops };
    });
    const times = await measureInterleaved(holder, cases, { ...options, hopeless });
    const rates = rank(
      group,
      right.map((entry, i) => ({ ...entry, seconds: (times[i] as BenchResult).seconds })),
      ceilings,
    );
    const bestKept = rates.find(({ kept }) => kept) ?? null;
    return { op, shape, format, best: rates[0]?.variant ?? null, bestKept, rates, notRun, failed };
  } finally {
    bench.destroy();
  }
}

interface Entry {
  readonly variant: SweepVariant;
  readonly dispatch: Dispatch;
}

interface Checked extends Entry {
  readonly relativeError: number;
}

async function compilable(
  { pipelines }: BenchScope,
  variants: readonly SweepVariant[],
  failed: SweepFailure[],
): Promise<SweepVariant[]> {
  const compiles = await Promise.all(variants.map(({ kernel }) => pipelines.attempt(kernel)));
  return variants.filter(({ name }, i) => {
    if (!compiles[i]) failed.push({ variant: name, error: "this adapter's compiler refuses it" });
    return compiles[i];
  });
}

async function checkAgainstBaseline(
  bench: BenchScope,
  { tolerance }: SweepGroup,
  entries: readonly Entry[],
  outputs: readonly GPUBuffer[],
  failed: SweepFailure[],
): Promise<Checked[]> {
  const run = async ({ dispatch }: Entry) => {
    for (const output of outputs) bench.fill(output, Number.NaN);
    await bench.run([dispatch]);
    const results: Float32Array[] = [];
    for (const output of outputs) results.push(await bench.read(output));
    return results;
  };
  const reference = entries.find(({ variant }) => variant.baseline) ?? entries[0];
  if (!reference) return [];
  const expected = await run(reference);
  const right: Checked[] = [];
  for (const entry of entries) {
    const errors = (await run(entry)).map((result, i) => relativeError(result, expected[i] as Float32Array));
    const error = Math.max(...errors);
    if (error <= tolerance) right.push({ ...entry, relativeError: error });
    else failed.push({ variant: entry.variant.name, error: `off by ${error.toExponential(1)}` });
  }
  return right;
}

function rank(
  { work, format }: SweepGroup,
  entries: readonly (Checked & { readonly seconds: number })[],
  ceilings: Ceilings,
): SweepRate[] {
  const peak = peakOf(ceilings, format === 'f16' ? 'f16' : 'f32');
  const fastest = Math.min(...entries.map(({ seconds }) => seconds));
  const baselineSeconds = entries.find(({ variant }) => variant.baseline)?.seconds;
  return entries
    .map(({ variant: { name, kept, chosen, baseline }, seconds, relativeError }): SweepRate => {
      return {
        variant: name,
        kept,
        chosen,
        baseline,
        ms: seconds * 1000,
        gflops: work.flops / seconds / 1e9,
        share: shareOfCeiling(work, seconds, peak).share,
        ofBest: fastest / seconds,
        overBaseline: baselineSeconds === undefined ? null : baselineSeconds / seconds,
        relativeError,
      };
    })
    .sort((a, b) => a.ms - b.ms);
}
