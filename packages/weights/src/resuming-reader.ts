import { WebDiTError } from '@webdit/core';
import { ByteReader, pieceBytes } from './byte-reader.ts';
import type { OpenOptions, SourceFile } from './source.ts';
import { isPinned } from './version.ts';

/** Milliseconds before each try to go on; after the last one has brought nothing, reading fails. */
export const defaultRetryDelays: readonly number[] = [200, 500, 1000, 2000, 5000];

export interface ResumeOptions {
  /** Opens the file at a byte, or at 0 where its source cannot begin elsewhere. */
  open(begin: number, signal: AbortSignal): Promise<SourceFile>;
  /** The file, where it has been opened before. */
  readonly file?: SourceFile | null;
  /** The byte to begin at; default 0. */
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
 * at 0 only, what has been read already is read over. Bytes of two versions are never joined.
 */
export class ResumingReader {
  readonly #options: ResumeOptions;
  readonly #stop = new AbortController();
  #position: number;
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
    this.#position = options.position ?? 0;
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
    this.#reader ??= await this.#start();
    const bytes = await this.#reader.some(count);
    if (bytes.length === 0) this.#assertEnd();
    this.#position += bytes.length;
    this.#options.onBytes?.(bytes.length);
    return bytes;
  }

  /** A reader of the file that stands at `#position`. */
  async #start(): Promise<ByteReader> {
    const file = await this.#open();
    this.#file = file;
    const reader = new ByteReader(file, this.#stop.signal);
    this.#reader = reader;
    for (let at = file.begin; at < this.#position; ) {
      const bytes = await reader.some(Math.min(pieceBytes, this.#position - at));
      if (bytes.length === 0) throw file.failure(new Error('The answer ended early.'));
      at += bytes.length;
      this.#options.onBytes?.(bytes.length);
    }
    return reader;
  }

  async #open(): Promise<SourceFile> {
    const first = this.#opened;
    this.#opened = null;
    if (first && (first.begin === 0 || first.begin === this.#position)) return first;
    if (first) drop(first);
    const file = await this.#options.open(this.#position, this.#stop.signal);
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

  #assertEnd(): void {
    const { size } = this.#file ?? {};
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
