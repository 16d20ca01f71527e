import { relativeError, WebDiTError } from '@webdit/core';
import type { Kernel } from '@webdit/shaders';
import type { DeviceHolder } from '../device.ts';
import type { Dispatch } from '../program.ts';
import { type Ceilings, peakOf } from './ceilings.ts';
import { type BenchCase, type BenchOptions, measureInterleaved } from './measure.ts';
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
  /** The simple kernel that the others are measured against. */
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
  /** Makes the data once and a dispatch for each variant that this device can run. */
  prepare(bench: BenchScope, variants: readonly SweepVariant[]): { dispatches: readonly Dispatch[]; output: GPUBuffer };
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
  /** Time of the baseline over this one's. */
  readonly overBaseline: number;
  /** Against the baseline's result. */
  readonly relativeError: number;
}

export interface SweepResult {
  readonly op: string;
  readonly shape: string;
  readonly format: string;
  readonly best: string;
  /** The fastest of those that are kept. */
  readonly bestKept: SweepRate;
  /** Fastest first. */
  readonly rates: readonly SweepRate[];
  /** Variants that want a feature this device has not. */
  readonly notRun: readonly string[];
}

/**
 * Measures the variants of each group in turns.
 * @throws WebDiTError `numeric` when a variant's result is not the baseline's; the signal's reason.
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
  try {
    const runs = ({ kernel }: SweepVariant) => (kernel.features ?? []).every((name) => holder.features.has(name));
    const variants = group.variants.filter(runs);
    const { dispatches, output } = group.prepare(bench, variants);
    await bench.ready(options.signal);
    const errors = await checkAgainstBaseline(bench, group, variants, dispatches, output);
    const cases = variants.map(({ name }, i): BenchCase => {
      return { name, program: [dispatches[i] as Dispatch], flops: group.work.flops };
    });
    const seconds = (await measureInterleaved(holder, cases, options)).map((result) => result.seconds);
    const rates = rank(group, variants, seconds, errors, ceilings);
    const bestKept = rates.find(({ kept }) => kept);
    if (!bestKept) throw new RangeError('A sweep holds at least one kept variant');
    const { op, shape, format } = group;
    const notRun = group.variants.filter((variant) => !variants.includes(variant)).map(({ name }) => name);
    return { op, shape, format, best: (rates[0] as SweepRate).variant, bestKept, rates, notRun };
  } finally {
    bench.destroy();
  }
}

async function checkAgainstBaseline(
  bench: BenchScope,
  { op, tolerance }: SweepGroup,
  variants: readonly SweepVariant[],
  dispatches: readonly Dispatch[],
  output: GPUBuffer,
): Promise<number[]> {
  const run = async (i: number) => {
    bench.fill(output, Number.NaN);
    await bench.run([dispatches[i] as Dispatch]);
    return bench.read(output);
  };
  const expected = await run(variants.findIndex(({ baseline }) => baseline));
  const errors: number[] = [];
  for (const [i, { name }] of variants.entries()) {
    const error = relativeError(await run(i), expected);
    if (!(error <= tolerance)) {
      throw new WebDiTError(
        'numeric',
        `The ${op} variant ${name} is off by ${error.toExponential(1)} on this adapter.`,
        'Update the browser and the graphics driver, and report the adapter name if it persists.',
      );
    }
    errors.push(error);
  }
  return errors;
}

function rank(
  { work, format }: SweepGroup,
  variants: readonly SweepVariant[],
  seconds: readonly number[],
  errors: readonly number[],
  ceilings: Ceilings,
): SweepRate[] {
  const peak = peakOf(ceilings, format === 'f16' ? 'f16' : 'f32');
  const fastest = Math.min(...seconds);
  const baseline = seconds[variants.findIndex((variant) => variant.baseline)] ?? Number.NaN;
  return variants
    .map(({ name, kept, chosen, baseline: isBaseline }, i): SweepRate => {
      const taken = seconds[i] as number;
      return {
        variant: name,
        kept,
        chosen,
        baseline: isBaseline,
        ms: taken * 1000,
        gflops: work.flops / taken / 1e9,
        share: shareOfCeiling(work, taken, peak).share,
        ofBest: fastest / taken,
        overBaseline: baseline / taken,
        relativeError: errors[i] as number,
      };
    })
    .sort((a, b) => a.ms - b.ms);
}
