import type { DiTConfig, TransformerConfig } from '@webdit/core';
import type { SafetensorsTensor } from '../safetensors/header.ts';
import { type FileRange, sameBytesAt } from '../same-bytes.ts';
import type { ModelSource } from '../source.ts';
import type { Weights } from '../weight-files.ts';
import type { OpenFolderOptions } from './description.ts';
import type { ExpectedTensor } from './tensor-map.ts';

/** What is read of a model's embedders. */
export interface EmbedderChoice {
  readonly config: TransformerConfig;
  readonly expected: readonly ExpectedTensor[];
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
 * Where the source cannot begin a file elsewhere, every block's own set is read.
 * @param expected the tensors of `config`, found in `weights` with these shapes.
 * @throws what the source throws; `signal.reason`.
 */
export async function chooseEmbedders(
  source: ModelSource,
  weights: Weights,
  config: TransformerConfig,
  expected: readonly ExpectedTensor[],
  { embedders, ...options }: OpenFolderOptions,
): Promise<EmbedderChoice> {
  if (config.kind !== 'dit' || !config.embeddersPerBlock || config.depth === 1 || embedders === 'own') {
    return { config, expected, note: null };
  }
  const own = (note: string): EmbedderChoice => ({ config, expected, note });
  const ranges = sampledRanges(weights, config, expected);
  const same = ranges ? await sameBytesAt(source, ranges, options) : false;
  const blocks = `${config.depth} blocks`;
  if (same === null) {
    return own(`The embedders of all ${blocks} are loaded: without ranges, nobody can say whether they are the same.`);
  }
  if (!same) return own(`The embedders of all ${blocks} are loaded: they differ.`);
  return {
    config: { ...config, embeddersPerBlock: false },
    expected: expected.map(readOnce),
    note: `All ${blocks} repeat the same embedders: one set is loaded.`,
  };
}

/** Block and name of an embedder's tensor. */
function embedderOf(name: string | undefined): { block: number; inner: string } | null {
  const [, block, inner] = /^blocks\.(\d+)\.([ty]_embedder\..*)$/.exec(name ?? '') ?? [];
  return block === undefined || inner === undefined ? null : { block: Number(block), inner };
}

/** Block 0's embedders become the model's; the others' are not read. */
function readOnce(tensor: ExpectedTensor): ExpectedTensor {
  const { target } = tensor;
  const embedder = embedderOf(target?.name);
  if (!target || !embedder) return tensor;
  return { ...tensor, target: embedder.block === 0 ? { ...target, name: embedder.inner } : null };
}

/** For each block what to compare, in the order of its tensors' names; null when their types alone tell them apart. */
function sampledRanges(
  { files }: Weights,
  { depth }: DiTConfig,
  expected: readonly ExpectedTensor[],
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
  for (const { source, target } of expected) {
    const embedder = embedderOf(target?.name);
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
