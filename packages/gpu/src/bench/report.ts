import type { MatmulWeights } from '@webdit/shaders';
import type { DeviceHolder } from '../device.ts';
import { chooseMath, type MathDType, type WeightDType } from '../dit/weights.ts';
import { type Ceilings, measureCeilings, peakOf } from './ceilings.ts';
import { describeModel, kernelCases } from './kernels.ts';
import { type BenchOptions, measureInterleaved } from './measure.ts';
import { type BenchModel, ditXL2, emojiDiT, narrowXL2 } from './models.ts';
import { type Share, shareOfCeiling } from './roofline.ts';
import { BenchScope } from './scope.ts';
import { type ModelSteps, measureSteps } from './steps.ts';

/** One op at one size. */
export interface KernelRate extends Share {
  readonly op: string;
  readonly shape: string;
  readonly kernels: string;
  /** Milliseconds of one execution, the median of the rounds. */
  readonly ms: number;
  readonly gflops: number;
  readonly gigabytesPerSecond: number;
}

export interface ModelKernels {
  readonly model: string;
  readonly rates: readonly KernelRate[];
}

export interface BenchReport {
  readonly weights: MatmulWeights;
  readonly ceilings: Ceilings;
  readonly kernels: readonly ModelKernels[];
  readonly steps: readonly ModelSteps[];
}

export interface BenchSettings {
  /** What linear weights are kept as; f32 by default. */
  readonly dtype?: WeightDType | undefined;
  /** What f16 weights are multiplied in. */
  readonly math?: MathDType | 'auto' | undefined;
  /** Small probes, the small model, few rounds: seconds instead of minutes, and rougher numbers. */
  readonly quick: boolean;
  readonly signal?: AbortSignal | undefined;
  /** What is measured now, and how far it is. */
  readonly onProgress?: ((what: string, done: number, total: number) => void) | undefined;
}

/**
 * Measures this adapter's ceilings, every kernel at the sizes of emoji-dit and DiT-XL/2, and what a step costs to encode.
 * @throws WebDiTError `numeric` when a probe gave wrong results, `unsupported-config` for math this adapter has not,
 *   `out-of-memory`, `device-lost`; the signal's reason.
 */
export async function runBench(holder: DeviceHolder, settings: BenchSettings): Promise<BenchReport> {
  const { dtype = 'f32', math = 'auto', quick, signal, onProgress } = settings;
  const inHalves = chooseMath(math, dtype, holder) === 'f16';
  const weights = dtype !== 'f16' ? dtype : inHalves ? 'f16' : 'packed-f16';
  const options = (what: string): BenchOptions => ({
    rounds: quick ? 3 : 9,
    minMs: quick ? 5 : 20,
    signal,
    onProgress: (done, total) => onProgress?.(what, done, total),
  });
  holder.clearErrors();
  // Encoding first: it wants a CPU that is not busy.
  const steps: ModelSteps[] = [];
  for (const model of [emojiDiT, narrowXL2]) {
    onProgress?.('encode time', steps.length, 2);
    steps.push(await measureSteps(holder, model, weights, { samples: quick ? 20 : 100, signal }));
  }
  const ceilings = await measureCeilings(holder, { ...options('ceilings'), quick });
  const kernels: ModelKernels[] = [];
  for (const model of quick ? [emojiDiT] : [emojiDiT, ditXL2]) {
    const rates = await measureKernels(holder, model, weights, ceilings, options(model.name));
    kernels.push({ model: describeModel(model), rates });
  }
  return { weights, ceilings, kernels, steps };
}

/** Every op of a model at the sizes of a run, and its share of the ceiling that binds it. */
export async function measureKernels(
  holder: DeviceHolder,
  model: BenchModel,
  weights: MatmulWeights,
  ceilings: Ceilings,
  options: BenchOptions,
): Promise<KernelRate[]> {
  const bench = new BenchScope(holder);
  try {
    const cases = kernelCases(bench, model, weights);
    await bench.ready(options.signal);
    const results = await measureInterleaved(holder, cases, options);
    return results.map(({ seconds, flopsPerSecond, bytesPerSecond = 0 }, i) => {
      const { name, shape, kernels, flops, bytes, math } = cases[i] as (typeof cases)[number];
      return {
        op: name,
        shape,
        kernels,
        ms: seconds * 1000,
        gflops: flopsPerSecond / 1e9,
        gigabytesPerSecond: bytesPerSecond / 1e9,
        ...shareOfCeiling({ flops, bytes }, seconds, peakOf(ceilings, math)),
      };
    });
  } finally {
    bench.destroy();
  }
}
