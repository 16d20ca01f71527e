import { join } from 'node:path';
import { type TensorShape, type TransformerConfig, tensorShapes, torchRandnParts } from '@webdit/core';
import { diffusersPixArtTensors } from '../layouts/diffusers-pixart.ts';
import { transformerWeightsPath } from '../layouts/paths.ts';
import { converter } from '../safetensors/convert.ts';
import { dtypeBytes, elementCount } from '../safetensors/dtypes.ts';
import { writeNativeConfigs } from '../write/native-folder.ts';
import { TensorFile } from '../write/tensor-file.ts';
import { writeWholeFolder } from '../write/whole-folder.ts';
import { writePixArtConfigs } from './pixart.ts';

export interface SynthOptions {
  readonly config: TransformerConfig;
  readonly dtype: 'F32' | 'F16';
  /** From 0 to `maxSynthSeed`. */
  readonly seed: number;
  /** Called with the values drawn so far, of how many. */
  readonly onProgress?: (drawn: number, total: number) => void;
}

/** Tensors have seeds of their own, a thousand apart from those of the next model. */
const seedsPerModel = 1000;
/** Torch takes the low 32 bits of a seed. */
export const maxSynthSeed = Math.floor(2 ** 32 / seedsPerModel) - 1;

const partElements = 256 * 1024;

/**
 * Writes a model folder of random weights, with the names and shapes of the real ones: a native one of a DiT, one of diffusers
 * of a PixArt, with captions to try it with. Tensor number n of the file, from 0, is `torch.randn(shape, generator=torch.Generator().manual_seed(1000 * seed + n)) * std`, and `.half()` of that for
 * F16; the file's metadata say each one's seed and std. Streams: whatever the size, a few MiB are in memory.
 *
 * @returns bytes of the safetensors file.
 * @throws WebDiTError like `writeWholeFolder`.
 */
export async function writeSynthModel(path: string, options: SynthOptions): Promise<number> {
  return writeWholeFolder(path, async (folder) => {
    const { config, dtype, seed } = options;
    if (config.kind === 'dit') await writeNativeConfigs(folder, options);
    else {
      const last = (seed + 1) * seedsPerModel - 1;
      await writePixArtConfigs(folder, config, { dtype, seeds: [last - 1, last] });
    }
    return writeWeights(join(folder, transformerWeightsPath), options);
  });
}

/** Names and shapes of the tensors in a file of this model. */
export function synthTensors(config: TransformerConfig): Pick<TensorShape, 'name' | 'shape'>[] {
  if (config.kind === 'dit') return tensorShapes(config).filter(({ optional }) => optional !== true);
  return diffusersPixArtTensors(config)
    .filter(({ optional }) => !optional)
    .map(({ source: name, shape }) => ({ name, shape }));
}

async function writeWeights(path: string, { config, dtype, seed, onProgress }: SynthOptions): Promise<number> {
  const tensors = synthTensors(config).map((tensor, n) => ({
    ...tensor,
    dtype,
    seed: seed * seedsPerModel + n,
    std: Math.fround(synthStd(tensor)),
  }));
  const total = tensors.reduce((sum, { shape }) => sum + elementCount(shape), 0);
  const recipes = Object.fromEntries(tensors.map(({ name, seed, std }) => [name, { seed, std }]));
  const convert = converter('F32', dtype);
  const halves = new Uint16Array(partElements + 16);
  let drawn = 0;
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
 * Standard deviations that keep activations finite and of order 1, and let every branch of every block count: what a linear adds up
 * keeps its size; gates, shifts and scales come out near 0.2.
 */
export function synthStd({ name, shape }: Pick<TensorShape, 'name' | 'shape'>): number {
  if (name.endsWith('.bias')) return 0.02;
  if (name.includes('embedding_table')) return 0.5;
  const inputs = elementCount(shape) / (shape[0] as number);
  return (/adaLN_modulation|adaln_single\.linear/.test(name) ? 0.5 : 1) / Math.sqrt(inputs);
}
