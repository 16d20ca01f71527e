import { join } from 'node:path';
import { type TensorShape, type TransformerConfig, tensorShapes } from '@webdit/core';
import { diffusersPixArtTensors } from '../layouts/diffusers-pixart.ts';
import { transformerWeightsPath } from '../layouts/paths.ts';
import { writeNativeConfigs } from '../write/native-folder.ts';
import { writeWholeFolder } from '../write/whole-folder.ts';
import { type PixArtParts, writePixArtConfigs } from './pixart.ts';
import { type RandomOptions, seedsPerModel, writeRandomWeights } from './random-weights.ts';

/** A transformer to be written, and how. */
export interface SynthOptions extends RandomOptions {
  readonly config: TransformerConfig;
}

/**
 * Writes a model folder of random weights, with the names and shapes of the real ones: a native one of a DiT, one of diffusers
 * of a PixArt, with captions to try it with. The weights are those of `writeRandomWeights`.
 *
 * @returns bytes of the safetensors file.
 * @throws WebDiTError like `writeWholeFolder`.
 */
export async function writeSynthModel(path: string, options: SynthOptions): Promise<number> {
  return writeWholeFolder(path, (folder) => writeSynthTransformer(folder, options));
}

/**
 * Writes the transformer of a folder, its scheduler and its index.
 * @param parts what else the index of a PixArt names.
 * @returns bytes of the safetensors file.
 */
export async function writeSynthTransformer(
  folder: string,
  options: SynthOptions,
  parts?: PixArtParts,
): Promise<number> {
  const { config, dtype, seed } = options;
  if (config.kind === 'dit') await writeNativeConfigs(folder, options);
  else {
    const last = (seed + 1) * seedsPerModel - 1;
    await writePixArtConfigs(folder, config, { dtype, seeds: [last - 1, last] }, parts);
  }
  return writeRandomWeights(join(folder, transformerWeightsPath), synthTensors(config), options);
}

/** Names and shapes of the tensors in a file of this model. */
export function synthTensors(config: TransformerConfig): Pick<TensorShape, 'name' | 'shape'>[] {
  if (config.kind === 'dit') return tensorShapes(config).filter(({ optional }) => optional !== true);
  return diffusersPixArtTensors(config)
    .filter(({ optional }) => !optional)
    .map(({ source: name, shape }) => ({ name, shape }));
}
