import type { DiTConfig, TransformerConfig } from '@webdit/core';
import { holds } from '../file-parts.ts';
import { partsToLoad } from '../load-weights.ts';
import type { SafetensorsTensor } from '../safetensors/header.ts';
import type { TensorTarget } from '../safetensors/stream.ts';
import { type FileRange, sameBytesAt } from '../same-bytes.ts';
import type { ModelSource } from '../source.ts';
import type { Weights } from '../weight-files.ts';
import type { OpenFolderOptions } from './description.ts';

/** What is read of a model's embedders. */
export interface EmbedderChoice {
  readonly config: TransformerConfig;
  readonly targets: ReadonlyMap<string, TensorTarget>;
  /** What was decided, for the user; null for a model with one set. */
  readonly note: string | null;
}

/** Bytes of a sample. */
const sampleBytes = 16 * 1024;

/**
 * Diffusers' DiT holds timestep and label embedders in every block. Published checkpoints repeat one set (28 times in DiT-XL/2, 10 %
 * of the file), converted from the original's; then block 0's is all that is read, and the GPU holds one. Whether they are the same is
 * told by samples: of every tensor its first 16 KiB and 16 KiB further in, or all of a smaller one, against block 0's.
 *
 * Samples suffice because copies are either one set that was written many times, or were trained apart. Training reaches every
 * weight of the timestep embedders in every step, as each lies on the way of every sample, so that two that were trained apart
 * differ nearly everywhere, and 16 KiB that agree by chance are out of the question. A file made to deceive is not recognised.
 *
 * Where the source cannot begin a file elsewhere, every block's own set is read. Where an earlier load found the same and stored the
 * very file without them, there is nothing left to compare.
 * @param targets of the tensors of `config`, by their names in `weights`.
 * @throws what the source throws; `signal.reason`.
 */
export async function chooseEmbedders(
  source: ModelSource,
  weights: Weights,
  config: TransformerConfig,
  targets: ReadonlyMap<string, TensorTarget>,
  { embedders, ...options }: OpenFolderOptions,
): Promise<EmbedderChoice> {
  if (config.kind !== 'dit' || !config.embeddersPerBlock || config.depth === 1 || embedders === 'own') {
    return { config, targets, note: null };
  }
  const own = (note: string): EmbedderChoice => ({ config, targets, note });
  const once = new Map([...targets].flatMap(readOnce));
  const ranges = sampledRanges(weights, config, targets);
  const known = isStoredWithout(weights, targets) && !isStoredWithout(weights, once);
  const same = known || (ranges ? await sameBytesAt(source, ranges, options) : false);
  const blocks = `${config.depth} blocks`;
  if (same === null) {
    return own(`The embedders of all ${blocks} are loaded: without ranges, nobody can say whether they are the same.`);
  }
  if (!same) return own(`The embedders of all ${blocks} are loaded: they differ.`);
  return {
    config: { ...config, embeddersPerBlock: false },
    targets: once,
    note: `All ${blocks} repeat the same embedders: one set is loaded.`,
  };
}

/** Whether what is stored of the weights lacks something that the targets need. */
function isStoredWithout({ files }: Weights, targets: ReadonlyMap<string, TensorTarget>): boolean {
  return partsToLoad(files, targets).some(({ stored, parts, bytes }) => {
    return stored !== undefined && !holds(stored, parts ?? [{ begin: 0, end: bytes }]);
  });
}

/** Block and name of an embedder's tensor. */
function embedderOf(name: string): { block: number; inner: string } | null {
  const [, block, inner] = /^blocks\.(\d+)\.([ty]_embedder\..*)$/.exec(name) ?? [];
  return block === undefined || inner === undefined ? null : { block: Number(block), inner };
}

/** Block 0's embedders become the model's; the others' are not read. */
function readOnce([source, target]: readonly [string, TensorTarget]): (readonly [string, TensorTarget])[] {
  const embedder = embedderOf(target.name);
  if (!embedder) return [[source, target]];
  return embedder.block === 0 ? [[source, { ...target, name: embedder.inner }]] : [];
}

/** For each block what to compare, in the order of its tensors' names; null when their types alone tell them apart. */
function sampledRanges(
  { files }: Weights,
  { depth }: DiTConfig,
  targets: ReadonlyMap<string, TensorTarget>,
): readonly (readonly FileRange[])[] | null {
  const places = new Map<
    string,
    { readonly tensor: SafetensorsTensor; readonly path: string; readonly start: number }
  >();
  for (const { path, header } of files) {
    for (const tensor of header.tensors) places.set(tensor.name, { tensor, path, start: header.dataStart });
  }
  const blocks = Array.from({ length: depth }, (): FileRange[] => []);
  const dtypes = new Map<string, string>();
  for (const [source, { name }] of targets) {
    const embedder = embedderOf(name);
    const place = places.get(source);
    if (!embedder || !place) continue;
    const { tensor, path, start } = place;
    if ((dtypes.get(embedder.inner) ?? tensor.dtype) !== tensor.dtype) return null;
    dtypes.set(embedder.inner, tensor.dtype);
    for (const [begin, end] of samplesOf(tensor.end - tensor.begin)) {
      blocks[embedder.block]?.push({ path, begin: start + tensor.begin + begin, end: start + tensor.begin + end });
    }
  }
  return blocks;
}

/** What is compared of a tensor, in bytes: its first, and some from the golden section on. */
function samplesOf(bytes: number): readonly (readonly [begin: number, end: number])[] {
  if (bytes <= 2 * sampleBytes) return [[0, bytes]];
  const further = Math.floor((bytes - 2 * sampleBytes) * 0.618) + sampleBytes;
  return [
    [0, sampleBytes],
    [further, further + sampleBytes],
  ];
}
