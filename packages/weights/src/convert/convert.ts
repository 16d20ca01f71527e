import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { tensorShapes } from '@webdit/core';
import { readPieces } from '../byte-reader.ts';
import { indexPath, schedulerPath, transformerWeightsPath } from '../layouts/paths.ts';
import { makeManifest, modelFiles } from '../make-manifest.ts';
import { manifestPath } from '../manifest.ts';
import type { ModelFolder } from '../model-folder.ts';
import { type ModelSource, openRequired, readJson } from '../source.ts';
import { pathSource } from '../sources/path.ts';
import { type NativeConfigs, writeJson, writeNativeConfigs } from '../write/native-folder.ts';
import { TensorFile } from '../write/tensor-file.ts';
import { writeWholeFolder } from '../write/whole-folder.ts';
import { type CheckpointSource, checkpointSource } from './checkpoint-source.ts';
import { FileSink, plannedTensors, type StoredDType } from './sink.ts';

export interface ConvertOptions {
  readonly dtype: StoredDType;
  /** For original files without a config whose width is not a published one. */
  readonly numHeads?: number | undefined;
  /** Called with the bytes of weights read so far, of how many. */
  readonly onProgress?: (loaded: number, total: number) => void;
}

export interface Converted {
  /** What was read. */
  readonly folder: ModelFolder;
  /** Bytes of the safetensors file that was written. */
  readonly bytes: number;
  /** What was decided, a sentence each. */
  readonly notes: readonly string[];
}

/**
 * Writes a model as a native folder, streaming: a checkpoint (`.pt`, `.pth`, `.bin`), a `.safetensors` file, or a model folder of any
 * layout. Classes, VAE, schedules, calibrations and defaults are carried over. The folder appears whole or not at all.
 *
 * @param input path of a file or folder, or any source of a model.
 * @throws WebDiTError what `openModelFolder`, `checkpointSource` and `writeWholeFolder` throw; `numeric` for weights that are not
 *   finite, or not in `dtype`.
 */
export async function convertModel(
  input: string | ModelSource,
  output: string,
  options: ConvertOptions,
): Promise<Converted> {
  const { source, note } = await sourceOf(input);
  const { folder, paths } = await modelFiles(source, { numHeads: options.numHeads });
  const bytes = await writeWholeFolder(output, async (target) => {
    const configs = await describe(source, folder);
    await writeNativeConfigs(target, configs);
    for (const path of await filesToCarry(source, folder, paths)) await copyFile(source, path, target);
    const bytes = await writeWeights(join(target, transformerWeightsPath), folder, options);
    const hasManifest = await exists(source, manifestPath);
    if (hasManifest) await writeJson(join(target, manifestPath), await makeManifest(pathSource(target)));
    return bytes;
  });
  return { folder, bytes, notes: [...(note === null ? [] : [note]), ...folder.notes] };
}

async function sourceOf(input: string | ModelSource): Promise<CheckpointSource> {
  if (typeof input !== 'string') return { source: input, note: null };
  return /\.(pt|pth|bin)$/.test(input) ? checkpointSource(input) : { source: pathSource(input), note: null };
}

/** What a native folder says that an original file leaves to its readers. */
async function describe(source: ModelSource, { config, layout, vae, text }: ModelFolder): Promise<NativeConfigs> {
  if (layout === 'original') return { config };
  const index = (await readJson(source, indexPath)) as Record<string, unknown>;
  const parts = [...(vae ? ['vae'] : []), ...(text ? ['text_encoder', 'tokenizer'] : [])];
  const kept = ['scheduler', 'classes', 'id2label', 'schedules', 'calibrations', 'defaults', ...parts];
  return {
    config,
    scheduler: await readJson(source, schedulerPath),
    index: Object.fromEntries(kept.flatMap((key) => (key in index ? [[key, index[key]]] : []))),
  };
}

/** What lies beside configs and weights; the encoder too, which nothing reads yet. */
async function filesToCarry(source: ModelSource, { layout, vae }: ModelFolder, paths: readonly string[]) {
  if (layout === 'original') return [];
  const encoder = vae?.kind === 'onnx' ? vae.encoder : null;
  const hasEncoder = encoder !== null && (await exists(source, encoder));
  const beside = paths.filter(
    (path) => path !== indexPath && path !== schedulerPath && !path.startsWith('transformer/'),
  );
  return hasEncoder ? [...beside, encoder] : beside;
}

async function exists(source: ModelSource, path: string): Promise<boolean> {
  const file = await source.open(path);
  // Over HTTP it is on its way already.
  await file?.stream().cancel();
  return file !== null;
}

async function copyFile(source: ModelSource, path: string, target: string): Promise<void> {
  const file = await openRequired(source, path);
  const copy = join(target, path);
  await mkdir(dirname(copy), { recursive: true });
  await writeFile(copy, readPieces(file));
}

async function writeWeights(path: string, folder: ModelFolder, { dtype, onProgress }: ConvertOptions): Promise<number> {
  const { config, tensors, weightsSize } = folder;
  // Position tables are written when there was one; all readers can compute it.
  const hasPositions = tensors.some(({ name }) => name.startsWith('pos_embed') && !name.includes('proj'));
  const shapes = tensorShapes(config).filter(({ optional }) => optional !== true || hasPositions);
  const planned = plannedTensors(shapes, dtype);
  const loaded = new Map<string, number>();
  return TensorFile.write(path, planned, { format: 'pt' }, (file) =>
    folder.loadWeights(new FileSink(file, planned), {
      onProgress: (progress) => {
        loaded.set(progress.file, progress.loaded);
        onProgress?.(
          [...loaded.values()].reduce((sum, bytes) => sum + bytes),
          weightsSize,
        );
      },
    }),
  );
}
