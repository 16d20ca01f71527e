import type { SafetensorsHeader, SafetensorsTensor } from './safetensors/header.ts';
import { openSafetensors } from './safetensors/stream.ts';
import { checkShards, parseShardIndex, type ShardIndex, shardIndexPath } from './shard-index.ts';
import { type ModelSource, missingFile, type OpenOptions, openRequired } from './source.ts';

/** One safetensors file of a model. */
export interface WeightFile {
  /** Path inside the model folder. */
  readonly path: string;
  readonly header: SafetensorsHeader;
}

/** A model's weights, their headers read: one file, or shards. */
export interface Weights {
  readonly files: readonly WeightFile[];
  /** Every tensor, file by file in file order; no name is in two files. */
  readonly tensors: readonly SafetensorsTensor[];
  /** What names the weights in messages: the file, or the shards' index. */
  readonly path: string;
}

/**
 * Opens a model's weights and reads every header: the file at `path`, or, where there is none, the shards that an index beside it
 * names (`model.safetensors.index.json`).
 * @returns null where there is neither.
 * @throws WebDiTError `format`; `not-found` for a shard that the index names; the source's errors.
 */
export async function findWeights(source: ModelSource, path: string, options: OpenOptions): Promise<Weights | null> {
  const file = await source.open(path, options);
  if (file) return weightsOf(path, [{ path, header: await openSafetensors(file, options.signal) }]);
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
    const shard = await openRequired(source, path, options);
    files.push({ path, header: await openSafetensors(shard, options.signal) });
  }
  checkShards(files, index);
  return weightsOf(index.path, files);
}

function weightsOf(path: string, files: readonly WeightFile[]): Weights {
  return { path, files, tensors: files.flatMap(({ header }) => header.tensors) };
}
