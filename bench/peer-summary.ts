import { median } from '@webdit/core';

/** One way to run the forward, as it was measured. */
export interface ContenderResult {
  readonly name: string;
  readonly runtime: 'webdit' | 'ort-webgpu' | 'ort-wasm';
  /** Threads of wasm. */
  readonly threads?: number;
  /** Milliseconds by forward; empty when it failed. */
  readonly samples: readonly number[];
  /** Median of the samples. */
  readonly ms: number | null;
  /** Largest |output - WebDiT's output|; null for WebDiT itself and where one of them has none or is not finite. */
  readonly maxAbsoluteDifference: number | null;
  readonly notes: readonly string[];
  /** Why it did not run, or what is wrong with its output. */
  readonly error?: string;
}

export interface PeerRatios {
  /** onnxruntime-web's better WebGPU median over WebDiT's: above 1, WebDiT is faster. */
  readonly ratioOverOrtWebgpu: number | null;
  /** The same against wasm, by its number of threads. */
  readonly ratioOverOrtWasm: Readonly<Record<string, number>>;
  /** The largest of all runtimes that did not fail. */
  readonly maxAbsoluteDifference: number | null;
}

/** What failed, ours or theirs, has no ratio. */
export function peerRatios(results: readonly ContenderResult[]): PeerRatios {
  const valid = results.filter(({ error }) => error === undefined);
  const ours = valid.find(({ runtime }) => runtime === 'webdit')?.ms ?? Number.NaN;
  const ratios = (wanted: ContenderResult['runtime']) =>
    valid.flatMap(({ runtime, ms, threads }) => {
      const ratio = (ms ?? Number.NaN) / ours;
      return runtime === wanted && Number.isFinite(ratio) ? [{ ratio, threads }] : [];
    });
  const webgpu = ratios('ort-webgpu').map(({ ratio }) => ratio);
  const differences = valid.flatMap((result) => result.maxAbsoluteDifference ?? []);
  return {
    ratioOverOrtWebgpu: webgpu.length > 0 ? Math.min(...webgpu) : null,
    ratioOverOrtWasm: Object.fromEntries(ratios('ort-wasm').map(({ ratio, threads }) => [`${threads}`, ratio])),
    maxAbsoluteDifference: differences.length > 0 ? Math.max(...differences) : null,
  };
}

/** Largest |difference| between f32 outputs of one model, whose sums are in different orders. */
const tolerance = 1e-4;

/** Holds an output against WebDiT's; `ours` is undefined for WebDiT's own and where WebDiT failed. A difference is a finite number or null. */
export function judgeOutput(
  output: Float32Array,
  ours: Float32Array | undefined,
): { readonly maxAbsoluteDifference: number | null; readonly error?: string } {
  if (!output.every(Number.isFinite)) return { maxAbsoluteDifference: null, error: 'its output is not finite' };
  if (!ours) return { maxAbsoluteDifference: null };
  if (output.length !== ours.length) {
    return { maxAbsoluteDifference: null, error: `its output has ${output.length} values, not ${ours.length}` };
  }
  const difference = maxAbsoluteDifference(output, ours);
  if (difference <= tolerance) return { maxAbsoluteDifference: difference };
  const error = `its output differs from WebDiT's by ${difference.toExponential(1)}, more than ${tolerance}`;
  return { maxAbsoluteDifference: difference, error };
}

/** The median of the samples; null for none. */
export const medianOrNull = (samples: readonly number[]): number | null =>
  samples.length > 0 ? median(samples) : null;

function maxAbsoluteDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((worst, value, i) => Math.max(worst, Math.abs(value - (b[i] as number))), 0);
}
