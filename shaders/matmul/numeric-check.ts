import { noise } from '../common/noise.ts';
import type { MatmulSize, MatmulWeights } from './index.ts';
import { matmulReference } from './reference.ts';

/**
 * Worst deviation over the output's root mean square, at four times the largest measured on the two software adapters: 3.1e-6
 * (K = 1024) with f32 math, and 1.6e-3 with f16 math on lavapipe.
 */
export function matmulTolerance(weights: MatmulWeights): number {
  return weights === 'f16' ? 6.4e-3 : 1.25e-5;
}

/** A small product that no tiling fits, as the `store` epilogue takes it. */
export interface MatmulNumericCheck {
  readonly size: MatmulSize;
  readonly input: Float32Array;
  readonly weights: Uint32Array;
  readonly finish: Float32Array;
  /** The f64 reference, `[rows, N]`. */
  readonly expected: Float64Array;
  readonly tolerance: number;
}

/** Rows and columns beyond one tile, and a K that no depth or split divides. */
const size: MatmulSize = { rows: 67, K: 100, N: 68 };

const asFloats = (words: Uint32Array<ArrayBuffer>) => new Float32Array(words.buffer);

/** What decides on an adapter whether a kernel for these weights may be used there. */
export function matmulNumericCheck(kind: MatmulWeights): MatmulNumericCheck {
  const { rows, K, N } = size;
  // Weights begin elsewhere in the noise than the input does.
  const input = asFloats(noise(rows * K, 'f32'));
  const bias = asFloats(noise(N, 'f32'));
  const { weights, exact, finish } = makeWeights(kind, bias, rows * K);
  const expected = matmulReference(input, exact, bias, size);
  return { size, input, weights, finish, expected, tolerance: matmulTolerance(kind) };
}

function makeWeights(kind: MatmulWeights, bias: Float32Array, skipped: number) {
  const { K, N } = size;
  const take = (format: 'bits' | 'f32' | 'f16', count: number) => noise(skipped + count, format).slice(skipped);
  if (kind === 'f32') {
    const weights = take('f32', K * N);
    return { weights, exact: asFloats(weights), finish: bias };
  }
  if (kind === 'int8') {
    const weights = take('bits', (K * N) / 4);
    const scale = bias.map(Math.abs).reverse();
    // -128 stands for -1, as in WGSL.
    const bytes = Float32Array.from(new Int8Array(weights.buffer), (byte) => Math.max(byte, -127) / 127);
    const exact = bytes.map((value, i) => value * (scale[i % N] as number));
    return { weights, exact, finish: Float32Array.of(...bias, ...scale) };
  }
  const weights = take('f16', (K * N) / 2);
  const exact = Float32Array.from(new Uint16Array(weights.buffer), (bits) => {
    // The noise has one exponent, that of 1/64.
    const magnitude = (1 + (bits & 0x3ff) / 1024) / 64;
    return bits & 0x8000 ? -magnitude : magnitude;
  });
  return { weights, exact, finish: bias };
}
