import { WebDiTError } from '@webdit/core';
import { ByteReader, pieceBytes } from './byte-reader.ts';
import { placeIn } from './file-parts.ts';
import type { FilePart, OpenOptions, SourceFile } from './source.ts';
import { isPinned } from './version.ts';

/** Milliseconds before each try to go on; after the last one has brought nothing, reading fails. */
export const defaultRetryDelays: readonly number[] = [200, 500, 1000, 2000, 5000];

export interface ResumeOptions {
  /** Opens the file at a byte, or at 0 where its source cannot begin elsewhere; nothing from `end` on will be read. */
  open(begin: number, signal: AbortSignal, end?: number): Promise<SourceFile>;
  /** The file, where it has been opened before. */
  readonly file?: SourceFile | null;
  /** What to read of it, in order and apart; all where it is left out. */
  readonly parts?: readonly FilePart[] | undefined;
  /** The byte to begin at, counted over the parts; default 0. */
  readonly position?: number;
  /** The version that was begun with; default that of the first opening. */
  readonly version?: string | undefined;
  /** Whether the caller compares the file with a SHA-256, so that its version does not matter. */
  readonly hashed: boolean;
  readonly retryDelays?: readonly number[] | undefined;
  /** Told of every byte that came, also of those read over. */
  onBytes?(count: number): void;
}

/**
 * Reads a file that may break off: it is opened again where it broke, as often as that brings more bytes. From a source that begins
 * at 0 only, what has been read already is read over, and what lies between the parts. Bytes of two versions are never joined.
 */
export class ResumingReader {
  readonly #options: ResumeOptions;
  readonly #stop = new AbortController();
  readonly #parts: readonly FilePart[];
  /** In the file. */
  #position: number;
  /** Whether the source was asked to begin elsewhere than at 0, and did not. */
  #beginsAtZero = false;
  #version: string | undefined;
  /** Opened, and not yet read. */
  #opened: SourceFile | null;
  #file: SourceFile | null = null;
  #reader: ByteReader | null = null;
  /** Why it may not go on. */
  #refusal: WebDiTError | null = null;
  /** What the next read fails with. */
  #failure: unknown = null;

  constructor(options: ResumeOptions) {
    this.#options = options;
    this.#parts = options.parts ?? [{ begin: 0, end: Number.POSITIVE_INFINITY }];
    this.#position = placeIn(this.#parts, options.position ?? 0);
    this.#opened = options.file ?? null;
    this.#version = options.version ?? options.file?.version;
  }

  /** Whether the file was found to have changed since it was begun. */
  get changed(): boolean {
    return this.#refusal !== null;
  }

  /**
   * Fills `view` with the file's next bytes. @returns how many; fewer than it holds only before the end or an error; 0 at the end.
   * @throws WebDiTError `network` when the file cannot be read on; what opening throws.
   */
  async read(view: Uint8Array<ArrayBuffer>): Promise<number> {
    if (this.#failure !== null) throw this.#failure;
    let filled = 0;
    for (let failures = 0; filled < view.length; ) {
      try {
        const bytes = await this.#next(view.length - filled);
        if (bytes.length === 0) break;
        view.set(bytes, filled);
        filled += bytes.length;
        failures = 0;
      } catch (error) {
        this.#reader?.close();
        this.#reader = null;
        this.#stop.signal.throwIfAborted();
        const delay = (this.#options.retryDelays ?? defaultRetryDelays)[failures++];
        if (delay === undefined || !this.#mayRetry(error)) {
          this.#failure = error;
          if (filled === 0) throw error;
          break;
        }
        await sleep(delay, this.#stop.signal);
      }
    }
    return filled;
  }

  /** Lets go of the file; a read that waits ends with an error. */
  close(): void {
    this.#stop.abort();
    this.#reader?.close();
    if (!this.#opened) return;
    drop(this.#opened);
    this.#opened = null;
  }

  async #next(count: number): Promise<Uint8Array> {
    const part = this.#parts.find(({ end }) => end > this.#position);
    if (!part) return new Uint8Array(0);
    if (part.begin > this.#position) await this.#leaveOut(part);
    this.#reader ??= await this.#start(part);
    const bytes = await this.#reader.some(Math.min(count, part.end - this.#position));
    if (bytes.length === 0) this.#assertEnd(part);
    this.#position += bytes.length;
    this.#options.onBytes?.(bytes.length);
    return bytes;
  }

  /** Goes on to a part: what lies before it is left out, or read over where the source begins at 0 only. */
  async #leaveOut(part: FilePart): Promise<void> {
    const [reader, file] = [this.#reader, this.#file];
    if (reader && file) {
      const again = this.#beginsAtZero ? null : await this.#open(part, part.begin);
      if (again?.begin === part.begin) {
        reader.close();
        this.#file = again;
        this.#reader = new ByteReader(again, this.#stop.signal);
      } else {
        if (again) drop(again);
        await this.#readOver(reader, file, this.#position, part.begin);
      }
    }
    this.#position = part.begin;
  }

  /** A reader of the file that stands at `#position`. */
  async #start(part: FilePart): Promise<ByteReader> {
    const file = await this.#open(part, this.#position);
    this.#file = file;
    const reader = new ByteReader(file, this.#stop.signal);
    this.#reader = reader;
    await this.#readOver(reader, file, file.begin, this.#position);
    return reader;
  }

  async #readOver(reader: ByteReader, file: SourceFile, from: number, to: number): Promise<void> {
    for (let at = from; at < to; ) {
      const bytes = await reader.some(Math.min(pieceBytes, to - at));
      if (bytes.length === 0) throw file.failure(new Error('The answer ended early.'));
      at += bytes.length;
      this.#options.onBytes?.(bytes.length);
    }
  }

  async #open({ end }: FilePart, begin: number): Promise<SourceFile> {
    const first = this.#opened;
    this.#opened = null;
    if (first && (first.begin === 0 || first.begin === begin)) return first;
    if (first) drop(first);
    const file = await this.#options.open(begin, this.#stop.signal, Number.isFinite(end) ? end : undefined);
    this.#beginsAtZero = begin > 0 && file.begin === 0;
    if (this.#stop.signal.aborted || !this.#isSame(file)) {
      drop(file);
      this.#stop.signal.throwIfAborted();
      this.#refusal = changed(file.path);
      throw this.#refusal;
    }
    this.#version ??= file.version;
    return file;
  }

  #isSame({ version }: SourceFile): boolean {
    const isFirst = this.#version === undefined && this.#file === null;
    return this.#options.hashed || isFirst || version === this.#version;
  }

  #assertEnd({ end }: FilePart): void {
    const size = Number.isFinite(end) ? end : this.#file?.size;
    if (size !== undefined && this.#position < size) throw this.#file?.failure(new Error('The answer ended early.'));
  }

  /** Only what began well is worth another try. */
  #mayRetry(error: unknown): boolean {
    const broken = isBroken(error) && error !== this.#refusal;
    const canJoin = this.#position === 0 || this.#options.hashed || isPinned(this.#version);
    return broken && canJoin && this.#file !== null;
  }
}

/**
 * Opens a file of a source that has answered before, again where the network fails.
 * @throws what the last try throws; `signal.reason`.
 */
export async function openPatiently<T>(
  open: () => Promise<T>,
  { retryDelays = defaultRetryDelays, signal }: Pick<ResumeOptions, 'retryDelays'> & Pick<OpenOptions, 'signal'>,
): Promise<T> {
  for (const delay of retryDelays) {
    try {
      return await open();
    } catch (error) {
      if (!isBroken(error)) throw error;
      await sleep(delay, signal);
    }
  }
  return open();
}

function isBroken(error: unknown): boolean {
  return error instanceof WebDiTError && error.code === 'network';
}

function drop(file: SourceFile): void {
  file
    .stream()
    .cancel()
    .catch(() => undefined);
}

function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done);
    function done() {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      if (signal?.aborted) reject(signal.reason);
      else resolve();
    }
  });
}

function changed(path: string): WebDiTError {
  return new WebDiTError(
    'network',
    `${path} changed on the server while it was being loaded.`,
    'Load the model again.',
  );
}
