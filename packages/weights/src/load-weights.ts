import { type TensorSink, WebDiTError } from '@webdit/core';
import { openAt } from './read-range.ts';
import { bytesOfParts } from './safetensors/data-reader.ts';
import { fileBytes, formatError, type SafetensorsHeader } from './safetensors/header.ts';
import {
  assertFloat,
  type LoadProgress,
  scalesFor,
  streamSafetensors,
  type TensorTarget,
} from './safetensors/stream.ts';
import { type ModelSource, type OpenOptions, openRequired, type SourceFile } from './source.ts';
import { mayLeaveOut, type WeightFile } from './weight-files.ts';

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
  for (const { path, header } of files.filter((file) => isNeeded(file, targets))) {
    const file = await openRequired(source, path, { signal });
    const select = (found: SafetensorsHeader) => {
      if (isSame(found, header)) return targets;
      throw formatError(`${path} changed after it was opened.`);
    };
    await streamSafetensors(file, select, sink, {
      signal,
      ...(mayLeaveOut(file) ? { reopen: (begin: number) => reopen(source, file, { signal, begin }) } : {}),
      onProgress: (progress) => onProgress?.({ file: path, ...progress }),
    });
  }
}

/** Bytes of weight files that `loadWeights` reads. */
export function bytesToLoad(files: readonly WeightFile[], targets: ReadonlyMap<string, TensorTarget>): number {
  const wanted = new Set([...targets.keys(), ...scalesFor(targets)]);
  return files
    .filter((file) => isNeeded(file, targets))
    .reduce((sum, { header, inParts }) => sum + (inParts ? bytesOfParts(header, wanted) : fileBytes(header)), 0);
}

function isNeeded({ header }: WeightFile, targets: ReadonlyMap<string, TensorTarget>): boolean {
  return header.tensors.some(({ name }) => targets.has(name));
}

/** @throws WebDiTError `integrity` for what is not the same file any more. */
async function reopen(source: ModelSource, { path, version }: SourceFile, options: OpenOptions & { begin: number }) {
  const again = await openAt(source, path, options);
  if (!again || again.version === version) return again;
  await again.stream().cancel();
  throw new WebDiTError('integrity', `${path} changed while it was being loaded.`, 'Load the model again.');
}

function isSame(found: SafetensorsHeader, header: SafetensorsHeader): boolean {
  return found.dataStart === header.dataStart && JSON.stringify(found.tensors) === JSON.stringify(header.tensors);
}
