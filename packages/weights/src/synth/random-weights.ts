import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type TensorShape, torchRandn, torchRandnParts } from '@webdit/core';
import { converter } from '../safetensors/convert.ts';
import { dtypeBytes, elementCount } from '../safetensors/dtypes.ts';
import { TensorFile } from '../write/tensor-file.ts';

/** A tensor to be drawn; `std` where `synthStd` does not suit it. */
export type RandomTensor = Pick<TensorShape, 'name' | 'shape'> & { readonly std?: number };

/** How random weights are drawn and kept. */
export interface RandomOptions {
  readonly dtype: 'F32' | 'F16';
  /** From 0 to `maxSynthSeed`. */
  readonly seed: number;
  /** Called with the values drawn so far, of how many. */
  readonly onProgress?: (drawn: number, total: number) => void;
}

/** Tensors have seeds of their own, a thousand apart from those of the next model. */
export const seedsPerModel = 1000;
/** Torch takes the low 32 bits of a seed. */
export const maxSynthSeed = Math.floor(2 ** 32 / seedsPerModel) - 1;

const partElements = 256 * 1024;

interface Recipe {
  readonly seed: number;
  readonly std: number;
}

function recipeOf(tensor: RandomTensor, n: number, { seed }: Pick<RandomOptions, 'seed'>): Recipe {
  return { seed: seed * seedsPerModel + n, std: Math.fround(tensor.std ?? synthStd(tensor)) };
}

/** All of a small model's tensors in f32, as `writeRandomWeights` draws them. */
export function randomWeights(
  tensors: readonly RandomTensor[],
  options: Pick<RandomOptions, 'seed'>,
  first = 0,
): Map<string, Float32Array<ArrayBuffer>> {
  return new Map(
    tensors.map((tensor, n) => {
      const { seed, std } = recipeOf(tensor, first + n, options);
      return [tensor.name, torchRandn(seed, elementCount(tensor.shape)).map((value) => value * std)];
    }),
  );
}

/**
 * Writes a safetensors file of random weights, and makes its folder. Tensor n, from 0, is
 * `torch.randn(shape, generator=torch.Generator().manual_seed(1000 * seed + first + n)) * std`, and `.half()` of that for F16; the
 * file's metadata say each one's seed and std. Streams: whatever the size, a few MiB are in memory.
 * @returns bytes of the file.
 */
export async function writeRandomWeights(
  path: string,
  randomTensors: readonly RandomTensor[],
  { dtype, seed: model, onProgress }: RandomOptions,
  first = 0,
): Promise<number> {
  const tensors = randomTensors.map((tensor, n) => ({
    name: tensor.name,
    shape: tensor.shape,
    dtype,
    ...recipeOf(tensor, first + n, { seed: model }),
  }));
  const total = tensors.reduce((sum, { shape }) => sum + elementCount(shape), 0);
  const recipes = Object.fromEntries(tensors.map(({ name, seed, std }) => [name, { seed, std }]));
  const convert = converter('F32', dtype);
  const halves = new Uint16Array(partElements + 16);
  let drawn = 0;
  await mkdir(dirname(path), { recursive: true });
  return TensorFile.write(path, tensors, { format: 'pt', synth: JSON.stringify(recipes) }, async (file) => {
    for (const { name, shape, seed, std } of tensors) {
      let offset = 0;
      for (const part of torchRandnParts(seed, elementCount(shape), partElements)) {
        for (let i = 0; i < part.length; i++) part[i] = (part[i] as number) * std;
        convert?.(part.buffer, halves.buffer, part.length);
        const bytes = new Uint8Array(convert ? halves.buffer : part.buffer, 0, part.length * dtypeBytes[dtype]);
        await file.write(name, offset, bytes);
        offset += bytes.length;
        drawn += part.length;
        onProgress?.(drawn, total);
      }
    }
  });
}

/**
 * Standard deviations that keep activations finite and of order 1, and let every branch of every block count: what a linear or a
 * convolution adds up keeps its size, and so does what a norm scales; gates, shifts and scales come out near 0.2.
 */
export function synthStd({ name, shape }: Pick<TensorShape, 'name' | 'shape'>): number {
  if (name.endsWith('.bias')) return 0.02;
  if (name.includes('embedding_table')) return 0.5;
  const inputs = elementCount(shape) / (shape[0] as number);
  return (/adaLN_modulation|adaln_single\.linear/.test(name) ? 0.5 : 1) / Math.sqrt(inputs);
}
