import type { TensorSink } from '@webdit/core';
import { bytesIn } from './file-parts.ts';
import { partsWith } from './safetensors/data-reader.ts';
import { fileBytes, formatError, type SafetensorsHeader } from './safetensors/header.ts';
import {
  assertFloat,
  type LoadProgress,
  scalesFor,
  streamSafetensors,
  type TensorTarget,
} from './safetensors/stream.ts';
import { type FilePart, type ModelSource, openRequired } from './source.ts';
import type { WeightFile, WeightFileInfo } from './weight-files.ts';

/** Progress of one of a model's weight files. */
export interface WeightsProgress extends LoadProgress {
  /** Path inside the model folder. */
  readonly file: string;
}

export interface LoadWeightsOptions {
  /** Rejects with `signal.reason` within one piece. */
  readonly signal?: AbortSignal | undefined;
  /** Called after every piece of at most 512 KiB. Files come one after another. */
  readonly onProgress?: ((progress: WeightsProgress) => void) | undefined;
}

/**
 * Streams the tensors that have a target into a sink, file after file.
 * @throws WebDiTError `format`, also for a file that is not any more what its header said; what the source and the sink throw;
 *   `signal.reason`.
 */
export async function loadWeights(
  source: ModelSource,
  files: readonly WeightFile[],
  targets: ReadonlyMap<string, TensorTarget>,
  sink: TensorSink,
  { signal, onProgress }: LoadWeightsOptions,
): Promise<void> {
  for (const { path, header } of files) {
    for (const tensor of header.tensors) if (targets.has(tensor.name)) assertFloat(tensor, path);
  }
  for (const { path, header, parts } of partsToLoad(files, targets)) {
    const file = await openRequired(source, path, { signal, parts });
    const select = (found: SafetensorsHeader) => {
      if (isSame(found, header)) return targets;
      throw formatError(`${path} changed after it was opened.`);
    };
    await streamSafetensors(file, select, sink, {
      signal,
      onProgress: (progress) => onProgress?.({ file: path, ...progress }),
    });
  }
}

/** What callers are told of weight files, those included of which nothing is read. */
export function weightFileInfos(
  files: readonly WeightFile[],
  targets: ReadonlyMap<string, TensorTarget>,
): WeightFileInfo[] {
  const needed = new Map(partsToLoad(files, targets).map((file) => [file.path, file]));
  return files.map(({ path, header }) => {
    const { parts, bytes = fileBytes(header) } = needed.get(path) ?? {};
    return { path, bytes, ...(parts ? { parts } : {}) };
  });
}

/** A weight file that is needed, and what of it; `parts` is undefined for all. */
export interface NeededFile extends WeightFile {
  readonly parts: readonly FilePart[] | undefined;
  /** Of all that is needed. */
  readonly bytes: number;
}

/** What `loadWeights` reads of weight files. */
export function partsToLoad(files: readonly WeightFile[], targets: ReadonlyMap<string, TensorTarget>): NeededFile[] {
  const wanted = new Set([...targets.keys(), ...scalesFor(targets)]);
  const needed = files.filter(({ header }) => header.tensors.some(({ name }) => targets.has(name)));
  return needed.map((file) => {
    const all = fileBytes(file.header);
    const parts = partsWith(file.header, wanted);
    const bytes = bytesIn(parts);
    return file.givesParts && bytes < all ? { ...file, parts, bytes } : { ...file, parts: undefined, bytes: all };
  });
}

function isSame(found: SafetensorsHeader, header: SafetensorsHeader): boolean {
  return found.dataStart === header.dataStart && JSON.stringify(found.tensors) === JSON.stringify(header.tensors);
}
