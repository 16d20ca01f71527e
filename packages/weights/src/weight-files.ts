import { fileBytes, type SafetensorsHeader, type SafetensorsTensor } from './safetensors/header.ts';
import { openSafetensors } from './safetensors/stream.ts';
import { checkShards, parseShardIndex, type ShardIndex, shardIndexPath } from './shard-index.ts';
import { type ModelSource, missingFile, type OpenOptions, openRequired, type SourceFile } from './source.ts';
import { isPinned } from './version.ts';

/** One safetensors file of a model. */
export interface WeightFile {
  /** Path inside the model folder. */
  readonly path: string;
  readonly header: SafetensorsHeader;
  /** Whether parts of it may be left out. */
  readonly inParts: boolean;
}

/** What callers are told of a file with weights. */
export interface WeightFileInfo {
  /** Path inside the model folder. */
  readonly path: string;
  readonly bytes: number;
}

export const weightFileInfos = ({ files }: Pick<Weights, 'files'>): WeightFileInfo[] =>
  files.map(({ path, header }) => ({ path, bytes: fileBytes(header) }));

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
    files.push(await readHeader(await openRequired(source, path, options), options));
  }
  checkShards(files, index);
  return weightsOf(index.path, files);
}

async function readHeader(file: SourceFile, { signal }: OpenOptions): Promise<WeightFile> {
  return { path: file.path, header: await openSafetensors(file, signal), inParts: mayLeaveOut(file) };
}

/** Whether parts of a file may be put together from several answers: nobody wants the rest, and all of them name its content. */
export function mayLeaveOut({ keepsWhole, version }: SourceFile): boolean {
  return !keepsWhole && isPinned(version);
}

function weightsOf(path: string, files: readonly WeightFile[]): Weights {
  return { path, files, tensors: files.flatMap(({ header }) => header.tensors) };
}
