import { holding } from './hold.ts';
import type { SourceFileParts } from './source.ts';

/** Most bytes a `fill` returns, unless the reader was given a buffer. Widened from F16 to F32 such a piece is 1 MiB. */
export const pieceBytes = 512 * 1024;

/**
 * Reads a file once, from front to back, through one recycled buffer. A byte stream fills that buffer itself (BYOB), so a
 * file of any size allocates one piece; other streams are copied into it chunk by chunk.
 */
export class ByteReader {
  readonly #file: SourceFileParts;
  readonly #signal: AbortSignal | undefined;
  readonly #byob: ReadableStreamBYOBReader | null;
  readonly #plain: ReadableStreamDefaultReader<Uint8Array> | null;
  #buffer: ArrayBuffer;
  /** What is left of a plain stream's last chunk. */
  #chunk = new Uint8Array(0) as Uint8Array;

  /** @param buffer the reader's from now on; what `fill` returned last is how to get it back. */
  constructor(file: SourceFileParts, signal?: AbortSignal, buffer = new ArrayBuffer(pieceBytes)) {
    this.#file = file;
    this.#signal = signal;
    this.#buffer = buffer;
    signal?.throwIfAborted();
    const stream = file.stream();
    this.#byob = byobReader(stream);
    this.#plain = this.#byob ? null : stream.getReader();
    signal?.addEventListener('abort', this.#abort);
  }

  /**
   * The next `count` bytes (at most what the buffer holds), fewer only at the end of the file. The view starts at offset 0 of its
   * buffer, so it can be seen as any element type, and is valid until the next call.
   * @throws the signal's reason; the file's `failure`.
   */
  async fill(count: number): Promise<Uint8Array<ArrayBuffer>> {
    let filled = 0;
    while (filled < count) {
      const read = await this.#read(filled, count - filled);
      if (read === 0) break;
      filled += read;
    }
    return new Uint8Array(this.#buffer, 0, filled);
  }

  /** Like `fill`, but what has arrived is enough: at least one byte, but for the end of the file. */
  async some(count: number): Promise<Uint8Array<ArrayBuffer>> {
    const read = await this.#read(0, Math.min(count, this.#buffer.byteLength));
    return new Uint8Array(this.#buffer, 0, read);
  }

  /** A copy of the next `limit` bytes, fewer only at the end of the file. */
  async take(limit: number): Promise<Uint8Array<ArrayBuffer>> {
    const pieces: Uint8Array[] = [];
    let total = 0;
    while (total < limit) {
      const piece = await this.fill(Math.min(pieceBytes, limit - total));
      if (piece.length === 0) break;
      pieces.push(piece.slice());
      total += piece.length;
    }
    const bytes = new Uint8Array(total);
    let offset = 0;
    for (const piece of pieces) {
      bytes.set(piece, offset);
      offset += piece.length;
    }
    return bytes;
  }

  /** Lets go of the stream, read to its end or not. */
  close(): void {
    this.#signal?.removeEventListener('abort', this.#abort);
    this.#cancel(undefined);
  }

  readonly #abort = () => this.#cancel(this.#signal?.reason);

  #cancel(reason: unknown): void {
    // A stream that failed rejects this with the failure that `fill` has already reported.
    (this.#byob ?? this.#plain)?.cancel(reason).catch(() => undefined);
  }

  async #read(offset: number, count: number): Promise<number> {
    this.#signal?.throwIfAborted();
    let read: number;
    try {
      read = this.#byob ? await this.#readInto(this.#byob, offset, count) : await this.#copyInto(offset, count);
    } catch (cause) {
      this.#signal?.throwIfAborted();
      throw this.#file.failure(cause);
    }
    // An abort cancels the stream, which looks like its end.
    this.#signal?.throwIfAborted();
    return read;
  }

  async #readInto(reader: ReadableStreamBYOBReader, offset: number, count: number): Promise<number> {
    const { value } = await holding(reader, reader.read(new Uint8Array(this.#buffer, offset, count)));
    // A cancelled stream keeps the buffer.
    if (!value) return 0;
    this.#buffer = value.buffer;
    return value.byteLength;
  }

  async #copyInto(offset: number, count: number): Promise<number> {
    while (this.#chunk.length === 0) {
      const reader = this.#plain;
      if (!reader) return 0;
      const { value, done } = await holding(reader, reader.read());
      if (done) return 0;
      this.#chunk = value;
    }
    const part = this.#chunk.subarray(0, count);
    new Uint8Array(this.#buffer, offset, part.length).set(part);
    this.#chunk = this.#chunk.subarray(part.length);
    return part.length;
  }
}

/**
 * A file's bytes from front to back, up to `pieceBytes` at a time; each piece is valid until the next one is asked for.
 * @throws the file's `failure`; the signal's reason.
 */
export async function* readPieces(
  file: SourceFileParts,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  const reader = new ByteReader(file, signal);
  try {
    for (let piece = await reader.fill(pieceBytes); piece.length > 0; piece = await reader.fill(pieceBytes))
      yield piece;
  } finally {
    reader.close();
  }
}

function byobReader(stream: ReadableStream<Uint8Array>): ReadableStreamBYOBReader | null {
  try {
    return stream.getReader({ mode: 'byob' });
  } catch (error) {
    // The platform's way of saying that this is not a byte stream.
    if (error instanceof TypeError) return null;
    throw error;
  }
}
