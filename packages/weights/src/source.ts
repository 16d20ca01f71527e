import { WebDiTError } from '@webdit/core';
import { ByteReader } from './byte-reader.ts';

/** What a source must say about a file; `sourceFile` adds the rest. */
export interface SourceFileParts {
  /** Path inside the folder, with `/`. */
  readonly path: string;
  /** Exactly how many bytes `stream()` yields. Left out where the source cannot know (compressed HTTP answers). */
  readonly size?: number;
  /** Names this content among all that the path ever had, where the source can tell: HTTP by ETag, or by date and length. */
  readonly version?: string;
  /** The file's bytes; may be called once. A byte stream where possible, so that readers can bring their own buffer. */
  stream(): ReadableStream<Uint8Array>;
  /** Says what a failed read of this file means. */
  failure(cause: unknown): WebDiTError;
}

/** One file of a model folder, readable once. Reads reject with `signal.reason` after an abort of the opening signal. */
export interface SourceFile extends SourceFileParts {
  /** The whole file; for small ones. */
  bytes(): Promise<Uint8Array<ArrayBuffer>>;
  /** The whole file as UTF-8. */
  text(): Promise<string>;
}

export interface OpenOptions {
  /** Aborts the opening and `bytes()` and `text()` of the file. */
  readonly signal?: AbortSignal | undefined;
  /** Over HTTP, how far the browser's own cache may answer; default as the server says. */
  readonly cache?: 'no-cache' | 'no-store' | undefined;
}

/** Where a model folder lives: a URL, a dropped folder, a directory. */
export interface ModelSource {
  /** For error messages: the URL, directory or file. */
  readonly name: string;
  /** Set when the source is one weights file rather than a folder: its path. Files beside it can still be opened. */
  readonly weightsFile: string | null;
  /**
   * Opens a file by its path relative to the folder. An opened file should be read: HTTP has begun to send it.
   * @returns null when there is no such file.
   * @throws WebDiTError `network`, `not-found` (there, but unreadable), `bad-argument` (a path that leaves the folder).
   */
  open(path: string, options?: OpenOptions): Promise<SourceFile | null>;
}

export function sourceFile(parts: SourceFileParts, signal: AbortSignal | undefined): SourceFile {
  const bytes = async () => {
    const reader = new ByteReader(parts, signal);
    try {
      return await reader.take(Number.POSITIVE_INFINITY);
    } finally {
      reader.close();
    }
  };
  return { ...parts, bytes, text: async () => new TextDecoder().decode(await bytes()) };
}

/** Opens a file that has to be there. @throws WebDiTError `not-found`, and whatever `source.open` throws. */
export async function openRequired(source: ModelSource, path: string, options: OpenOptions = {}): Promise<SourceFile> {
  const file = await source.open(path, options);
  if (file) return file;
  throw missingFile(source.name, path);
}

export function missingFile(folder: string, path: string): WebDiTError {
  const remedy = path.endsWith('.safetensors')
    ? 'Check that the whole model folder was copied; WebDiT reads safetensors weights only, not .bin or .pt.'
    : 'Check the address, and that the whole model folder was copied.';
  return new WebDiTError('not-found', `${folder} has no file ${path}.`, remedy);
}

/** Refuses paths that a config could use to leave its folder. @throws WebDiTError `bad-argument`. */
export function assertInsideFolder(path: string): void {
  const inside = path !== '' && !path.includes('\\') && path.split('/').every((part) => part !== '' && part !== '..');
  if (inside) return;
  throw new WebDiTError(
    'bad-argument',
    `"${path}" is not a path inside a model folder.`,
    'Use a relative path with forward slashes and without "..".',
  );
}
