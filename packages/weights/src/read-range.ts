import { ByteReader } from './byte-reader.ts';
import type { ModelSource, OpenOptions, SourceFile } from './source.ts';

/** Opens a file at a byte; null when it is not there, or its source cannot begin there. @throws what the source throws. */
export async function openAt(
  source: ModelSource,
  path: string,
  options: OpenOptions & { readonly begin: number },
): Promise<SourceFile | null> {
  const file = await source.open(path, options);
  if (!file || file.begin === options.begin) return file;
  await file.stream().cancel();
  return null;
}

/** Bytes `begin` to `end` of a file; null when its source cannot begin there. @throws what the source throws; `signal.reason`. */
export async function readRange(
  source: ModelSource,
  path: string,
  options: OpenOptions & { readonly begin: number; readonly end: number },
): Promise<Uint8Array<ArrayBuffer> | null> {
  const file = await openAt(source, path, options);
  if (!file) return null;
  const size = options.end - options.begin;
  const reader = new ByteReader(file, options.signal, new ArrayBuffer(size));
  try {
    return await reader.fill(size);
  } finally {
    reader.close();
  }
}
