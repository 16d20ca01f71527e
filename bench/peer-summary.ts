import { median } from '@webdit/core';

/** One way to run the forward, as it was measured. */
export interface ContenderResult {
  readonly name: string;
  readonly runtime: 'webdit' | 'ort-webgpu' | 'ort-wasm';
  /** Threads of wasm. */
  readonly threads?: number;
  /** Milliseconds by forward; empty when it could not run. */
  readonly samples: readonly number[];
  /** Median of the samples. */
  readonly ms: number | null;
  /** Largest |output - WebDiT's output|; null for WebDiT itself. */
  readonly maxAbsoluteDifference: number | null;
  readonly notes: readonly string[];
  /** Why it did not run. */
  readonly error?: string;
}

export interface PeerRatios {
  /** onnxruntime-web's better WebGPU median over WebDiT's: above 1, WebDiT is faster. */
  readonly ratioOverOrtWebgpu: number | null;
  /** The same against wasm, by its number of threads. */
  readonly ratioOverOrtWasm: Readonly<Record<string, number>>;
  /** The largest of all runtimes. */
  readonly maxAbsoluteDifference: number | null;
}

export function peerRatios(results: readonly ContenderResult[]): PeerRatios {
  const ours = results.find(({ runtime }) => runtime === 'webdit')?.ms ?? Number.NaN;
  const times = (wanted: ContenderResult['runtime']) =>
    results.flatMap(({ runtime, ms, threads }) => (runtime === wanted && ms !== null ? [{ ms, threads }] : []));
  const webgpu = times('ort-webgpu').map(({ ms }) => ms);
  const differences = results.flatMap((result) => result.maxAbsoluteDifference ?? []);
  return {
    ratioOverOrtWebgpu: webgpu.length > 0 ? Math.min(...webgpu) / ours : null,
    ratioOverOrtWasm: Object.fromEntries(times('ort-wasm').map(({ ms, threads }) => [`${threads}`, ms / ours])),
    maxAbsoluteDifference: differences.length > 0 ? Math.max(...differences) : null,
  };
}

/** The median of the samples; null for none. */
export const medianOrNull = (samples: readonly number[]): number | null =>
  samples.length > 0 ? median(samples) : null;

/** NaN counts as the largest of all. */
export function maxAbsoluteDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let worst = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs((a[i] as number) - (b[i] as number));
    if (!(difference <= worst)) worst = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
  }
  return worst;
}
