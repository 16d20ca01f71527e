import type { SafetensorsHeader, SafetensorsTensor } from './safetensors/header.ts';
import { openSafetensors } from './safetensors/stream.ts';
import { checkShards, parseShardIndex, type ShardIndex, shardIndexPath } from './shard-index.ts';
import {
  type FilePart,
  type ModelSource,
  missingFile,
  type OpenOptions,
  openRequired,
  type SourceFile,
} from './source.ts';

/** One safetensors file of a model. */
export interface WeightFile {
  /** Path inside the model folder. */
  readonly path: string;
  readonly header: SafetensorsHeader;
  /** Whether its source leaves out what nobody wants. */
  readonly givesParts: boolean;
  /** What there is of it, where an earlier load has stored no more than it needed. */
  readonly stored: readonly FilePart[] | undefined;
}

/** What callers are told of a file with weights. */
export interface WeightFileInfo {
  /** Path inside the model folder. */
  readonly path: string;
  /** Of it that a load reads. */
  readonly bytes: number;
  /** Which these are, where its source leaves out the rest. */
  readonly parts?: readonly FilePart[];
}

/** A model's weights, their headers read: one file, or shards. */
export interface Weights {
  readonly files: readonly WeightFile[];
  /** Every tensor, file by file in file order; no name is in two files. */
  readonly tensors: readonly SafetensorsTensor[];
  /** What names the weights in messages: the file, or the shards' index. */
  readonly path: string;
}

/** Headers lie in every part that is ever stored. */
const beginningOnly = { parts: [] };

/**
 * Opens a model's weights and reads every header: the file at `path`, or, where there is none, the shards that an index beside it
 * names (`model.safetensors.index.json`).
 * @returns null where there is neither.
 * @throws WebDiTError `format`; `not-found` for a shard that the index names; the source's errors.
 */
export async function findWeights(source: ModelSource, path: string, options: OpenOptions): Promise<Weights | null> {
  const file = await source.open(path, { ...options, ...beginningOnly });
  if (file) return weightsOf(path, [await readHeader(file, options)]);
  // Whoever names one file means that file.
  if (source.weightsFile !== null) return null;
  const indexPath = shardIndexPath(path);
  const index = await source.open(indexPath, options);
  return index && openShards(source, parseShardIndex(await index.text(), indexPath), options);
}

/** The same for weights that have to be there. @throws WebDiTError `not-found` besides. */
export async function openWeights(source: ModelSource, path: string, options: OpenOptions): Promise<Weights> {
  const weights = await findWeights(source, path, options);
  if (weights) return weights;
  throw missingFile(source.name, path);
}

async function openShards(source: ModelSource, index: ShardIndex, options: OpenOptions): Promise<Weights> {
  const files: WeightFile[] = [];
  for (const path of index.shards) {
    files.push(await readHeader(await openRequired(source, path, { ...options, ...beginningOnly }), options));
  }
  checkShards(files, index);
  return weightsOf(index.path, files);
}

async function readHeader(file: SourceFile, { signal }: OpenOptions): Promise<WeightFile> {
  const { path, givesParts = false, parts } = file;
  return { path, header: await openSafetensors(file, signal), givesParts, stored: parts };
}

function weightsOf(path: string, files: readonly WeightFile[]): Weights {
  return { path, files, tensors: files.flatMap(({ header }) => header.tensors) };
}
