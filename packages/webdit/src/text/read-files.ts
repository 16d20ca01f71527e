import {
  isStoredSource,
  type ModelSource,
  openRequired,
  readPieces,
  type SourceFile,
  type TextFile,
} from '@webdit/weights';
import { LoadProgress, shortName } from '../progress.ts';
import type { ProgressEvent } from '../types.ts';

/**
 * Reads whole files of a model after its load, and puts them into its store as the load does with others.
 * @throws WebDiTError `not-found`, `network`, `integrity`; the signal's reason.
 */
export async function readFiles(
  source: ModelSource,
  files: readonly TextFile[],
  { signal, onProgress }: { readonly signal: AbortSignal; readonly onProgress: (event: ProgressEvent) => void },
): Promise<ReadonlyMap<string, Uint8Array<ArrayBuffer>>> {
  const progress = new LoadProgress(shortName(source.name), onProgress);
  for (const { path, bytes } of files) progress.initiate(path, bytes ?? 0);
  const read = new Map<string, Uint8Array<ArrayBuffer>>();
  const store = isStoredSource(source) ? source : null;
  await store?.resume();
  for (const { path } of files) {
    const file = await openRequired(source, path, { signal });
    read.set(path, await readWhole(file, signal, (loaded) => progress.advance(path, loaded)));
    progress.done(path);
  }
  // Not after a failure: what has arrived of a file would be swept away as leftovers.
  await store?.finish();
  progress.ready();
  return read;
}

/** Without a second copy of the file, where its size is known: these are large. */
async function readWhole(
  file: SourceFile,
  signal: AbortSignal,
  onLoaded: (bytes: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  if (file.size === undefined) return file.bytes();
  const bytes = new Uint8Array(file.size);
  let loaded = 0;
  for await (const piece of readPieces(file, signal)) {
    bytes.set(piece, loaded);
    loaded += piece.length;
    onLoaded(loaded);
  }
  return bytes.subarray(0, loaded);
}
