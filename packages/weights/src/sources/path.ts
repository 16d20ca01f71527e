import { type FileHandle, open, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { WebDiTError } from '@webdit/core';
import { byteStream } from '../byte-stream.ts';
import { assertInsideFolder, type ModelSource, sourceFile } from '../source.ts';

/** A model folder on disk, or one `.safetensors` file with its neighbours. Node only. */
export function pathSource(path: string): ModelSource {
  const single = path.endsWith('.safetensors');
  const folder = single ? dirname(path) : path;
  return {
    name: path,
    weightsFile: single ? basename(path) : null,
    async open(relative, { signal, begin = 0 } = {}) {
      assertInsideFolder(relative);
      signal?.throwIfAborted();
      const file = join(folder, relative);
      const size = await fileSize(file);
      signal?.throwIfAborted();
      if (size === null) return null;
      return sourceFile(
        {
          path: relative,
          begin,
          size,
          stream: () => fileStream(file, begin),
          failure: (cause) => unreadable(file, cause),
        },
        signal,
      );
    },
  };
}

async function fileSize(file: string): Promise<number | null> {
  try {
    const stats = await stat(file);
    return stats.isFile() ? stats.size : null;
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && (cause.code === 'ENOENT' || cause.code === 'ENOTDIR')) return null;
    throw unreadable(file, cause);
  }
}

function fileStream(path: string, begin: number): ReadableStream<Uint8Array> {
  let position = begin;
  let handle: FileHandle | null = null;
  return byteStream({
    async read(view) {
      handle ??= await open(path);
      const { bytesRead } = await handle.read(view, 0, view.length, position);
      position += bytesRead;
      return bytesRead;
    },
    close: () => handle?.close(),
  });
}

function unreadable(file: string, cause: unknown): WebDiTError {
  const reason = cause instanceof Error && 'code' in cause ? ` (${cause.code})` : '';
  return new WebDiTError('not-found', `${file} could not be read${reason}.`, 'Check the file and its permissions.', {
    cause,
  });
}
