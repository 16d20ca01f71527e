import { parseTolerantJson, WebDiTError } from '@webdit/core';
import { ByteReader } from './byte-reader.ts';

/** Bytes `begin` to `end` of a file. */
export interface FilePart {
  readonly begin: number;
  readonly end: number;
}

/** What a source must say about a file; `sourceFile` adds the rest. */
export interface SourceFileParts {
  /** Path inside the folder, with `/`. */
  readonly path: string;
  /** Where `stream()` begins; left out for 0. */
  readonly begin?: number;
  /** Exactly how many bytes the whole file has. Left out where the source cannot know (compressed HTTP answers). */
  readonly size?: number;
  /** Names this content among all that the path ever had, where the source can tell: HTTP by ETag, or by date and length. */
  readonly version?: string;
  /** SHA-256 of the whole file, 64 hexadecimal digits, where the source is told: by a hub, not by plain HTTP. */
  readonly sha256?: string;
  /** Whether it leaves out, opened with `parts`, what lies between them: its content can be told apart, and nothing hashes it whole. */
  readonly givesParts?: boolean;
  /** What `stream()` gives, one part after another, in their order, the first one from byte 0; left out for all from `begin` on. */
  readonly parts?: readonly FilePart[];
  /**
   * The file's bytes, from `begin` to its end; may be called once. A byte stream where possible, so that readers can bring their
   * own buffer.
   */
  stream(): ReadableStream<Uint8Array>;
  /** Says what a failed read of this file means. */
  failure(cause: unknown): WebDiTError;
}

/** One file of a model folder, readable once. Reads reject with `signal.reason` after an abort of the opening signal. */
export interface SourceFile extends SourceFileParts {
  /** The byte that was asked for, or 0 when the source could not begin there. */
  readonly begin: number;
  /** All bytes from `begin` on; for small files. */
  bytes(): Promise<Uint8Array<ArrayBuffer>>;
  /** `bytes()` as UTF-8. */
  text(): Promise<string>;
}

export interface OpenOptions {
  /** Aborts the opening and `bytes()` and `text()` of the file. */
  readonly signal?: AbortSignal | undefined;
  /** Over HTTP, how far the browser's own cache may answer; default as the server says. */
  readonly cache?: 'no-cache' | 'no-store' | undefined;
  /** The byte to begin at, default 0. Whether the source could is in the file's `begin`; whether it is the same file, in `version`. */
  readonly begin?: number | undefined;
  /** With `begin`: the byte before which reading will stop. Sources that fetch then need not fetch more; others take no notice. */
  readonly end?: number | undefined;
  /**
   * What will be read, in order and apart, the first part from byte 0; left out for all of it. A source may then leave out the rest,
   * and says so in the file's `parts`. None asks for the file's beginning, as far as any part goes.
   */
  readonly parts?: readonly FilePart[] | undefined;
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
  return { begin: 0, ...parts, bytes, text: async () => new TextDecoder().decode(await bytes()) };
}

/** Opens a file that has to be there. @throws WebDiTError `not-found`, and whatever `source.open` throws. */
export async function openRequired(source: ModelSource, path: string, options: OpenOptions = {}): Promise<SourceFile> {
  const file = await source.open(path, options);
  if (file) return file;
  throw missingFile(source.name, path);
}

/** A JSON file that has to be there. @throws WebDiTError `format`, and what `openRequired` throws. */
export async function readJson(source: ModelSource, path: string, options: OpenOptions = {}): Promise<unknown> {
  return parseTolerantJson(await (await openRequired(source, path, options)).text(), path);
}

export function missingFile(folder: string, path: string): WebDiTError {
  const remedy = path.endsWith('.safetensors')
    ? 'Check that the whole model folder was copied; webdit convert makes safetensors of .bin and .pt.'
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
