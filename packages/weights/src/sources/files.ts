import { WebDiTError } from '@webdit/core';
import { assertInsideFolder, type ModelSource, type OpenOptions, type SourceFile, sourceFile } from '../source.ts';

/** A picked or dropped file. `path` is for callers who walked directory entries, where `webkitRelativePath` is empty. */
export interface PickedFile {
  readonly path: string;
  readonly file: Blob;
}

/**
 * A folder the user picked or dropped (the folder's own name is stripped from the paths), or a single `.safetensors` file,
 * alone or with its `config.json`.
 */
export function filesSource(files: Iterable<File | PickedFile>): ModelSource {
  const entries = [...files].map((entry): [string, Blob] =>
    entry instanceof Blob ? [entry.webkitRelativePath || entry.name, entry] : [entry.path, entry.file],
  );
  const root = commonRoot(entries);
  const inside = root === null ? 0 : root.length + 1;
  const byPath = new Map(entries.map(([path, blob]) => [path.slice(inside), blob]));
  const weights = [...byPath.keys()].filter((path) => !path.includes('/') && path.endsWith('.safetensors'));
  const single = weights.length === 1 && !byPath.has('model_index.json') ? (weights[0] ?? null) : null;

  return {
    name: root ?? single ?? 'The dropped folder',
    weightsFile: single,
    async open(path, options = {}) {
      assertInsideFolder(path);
      options.signal?.throwIfAborted();
      const blob = byPath.get(path);
      return blob ? blobFile(path, blob, options) : null;
    },
  };
}

/** The folder that all files lie in, or null. */
function commonRoot(entries: readonly [path: string, file: Blob][]): string | null {
  const [root, ...rest] = entries[0]?.[0].split('/') ?? [];
  return root && rest.length > 0 && entries.every(([path]) => path.startsWith(`${root}/`)) ? root : null;
}

/** A file of the user's as one of a model folder. */
export function blobFile(path: string, blob: Blob, { signal, begin = 0 }: OpenOptions): SourceFile {
  const stream = () => blob.slice(begin).stream();
  const failure = (cause: unknown) => unreadable(path, cause);
  return sourceFile({ path, begin, size: blob.size, stream, failure }, signal);
}

export function unreadable(path: string, cause: unknown): WebDiTError {
  return new WebDiTError(
    'not-found',
    `${path} was moved, changed or locked after it was picked.`,
    'Pick the model folder again.',
    { cause },
  );
}
