import { packHalves, unpackHalves } from '../../testing/run-kernel.ts';
import type { MatmulWeights } from './index.ts';

/** Weights `[K, N]` and bias as a kernel binds them, and the values they then stand for. */
export interface StoredWeights {
  readonly weights: Float32Array | Uint32Array;
  /** Bias `[N]`; with int8 weights `[2, N]`: bias and scale. */
  readonly finish: Float32Array;
  readonly exact: Float32Array;
}

export function storeWeights(kind: MatmulWeights, values: Float32Array, bias: Float32Array, N: number): StoredWeights {
  if (kind === 'f32') return { weights: values, finish: bias, exact: values };
  if (kind === 'int8') return quantize(values, bias, N);
  const packed = packHalves(values);
  return { weights: packed, finish: bias, exact: unpackHalves(packed) };
}

/** Symmetric, per output channel: byte 127 stands for the channel's largest weight. */
function quantize(values: Float32Array, bias: Float32Array, N: number): StoredWeights {
  const scale = new Float32Array(N);
  values.forEach((value, i) => {
    scale[i % N] = Math.max(scale[i % N] as number, Math.abs(value));
  });
  const bytes = Int8Array.from(values, (value, i) => Math.round((127 * value) / (scale[i % N] as number)));
  const exact = Float32Array.from(bytes, (byte, i) => (byte / 127) * (scale[i % N] as number));
  return { weights: new Uint32Array(bytes.buffer), finish: Float32Array.of(...bias, ...scale), exact };
}
