import { WebDiTError } from '@webdit/core';
import { ByteReader, pieceBytes } from '../byte-reader.ts';
import { type ByteProducer, byteStream } from '../byte-stream.ts';
import { sha256Hex } from '../sha256.ts';
import type { SourceFileParts } from '../source.ts';
import type { ModelStore } from './model-store.ts';
import { type FileRecord, keys } from './records.ts';

export interface StoredFileHooks {
  /** Opens the same file where it came from. @throws WebDiTError `network` without a connection. */
  refetch(): Promise<SourceFileParts>;
  /** A piece was damaged or gone, and has been fetched again. */
  onRepair(bytes: number): void;
}

/**
 * A file of the store. Every piece is compared with its hash before any of it is handed out; one that is damaged or gone is
 * taken from where the file came from, and put back.
 */
export function storedFile(store: ModelStore, record: FileRecord, hooks: StoredFileHooks): SourceFileParts {
  return {
    path: record.path,
    size: record.bytes,
    stream: () => byteStream(new PieceReader(store, record, hooks)),
    failure: (cause) => (cause instanceof WebDiTError ? cause : damaged(record, cause)),
  };
}

class PieceReader implements ByteProducer {
  /** The piece being handed out; `#buffer` is its memory, the same for all pieces. */
  #piece = new Uint8Array(0);
  #buffer: ArrayBuffer;
  #offset = 0;
  #next = 0;
  /** Where the file came from, once it was needed, and how far it has been read. */
  #origin: ByteReader | null = null;
  #originOffset = 0;

  constructor(
    private readonly store: ModelStore,
    private readonly record: FileRecord,
    private readonly hooks: StoredFileHooks,
  ) {
    this.#buffer = new ArrayBuffer(Math.min(record.bytes, record.pieceBytes));
  }

  async read(view: Uint8Array<ArrayBuffer>): Promise<number> {
    if (this.#offset === this.#piece.length) {
      if (this.#next === this.record.pieces.length) return 0;
      await this.#load(this.#next++);
    }
    const part = this.#piece.subarray(this.#offset, this.#offset + view.length);
    view.set(part);
    this.#offset += part.length;
    return part.length;
  }

  close(): void {
    this.#origin?.close();
  }

  async #load(index: number): Promise<void> {
    const begin = index * this.record.pieceBytes;
    const size = Math.min(this.record.pieceBytes, this.record.bytes - begin);
    const isRight = async () => (await sha256Hex(this.#piece)) === this.record.pieces[index];
    this.#offset = 0;
    this.#piece = await this.#stored(index, size);
    if (await isRight()) return;
    this.#piece = await this.#fetched(begin, size);
    if (!(await isRight())) {
      await this.store.dropFile(this.record);
      throw damaged(this.record);
    }
    // What cannot be put back is fetched again next time.
    await this.store.backend.put(keys.piece(this.record, index), this.#piece).catch(() => undefined);
    this.hooks.onRepair(size);
  }

  /** What is stored of a piece: all of it, or too little. */
  async #stored(index: number, size: number): Promise<Uint8Array<ArrayBuffer>> {
    const stream = await this.store.backend.get(keys.piece(this.record, index)).catch(() => null);
    if (!stream) return new Uint8Array(0);
    const parts = {
      path: this.record.path,
      stream: () => stream,
      failure: (cause: unknown) => damaged(this.record, cause),
    };
    const reader = new ByteReader(parts, undefined, this.#buffer);
    try {
      const piece = await reader.fill(size);
      this.#buffer = piece.buffer;
      return piece;
    } catch {
      // The reader may have lost the buffer with the stream.
      this.#buffer = new ArrayBuffer(this.#buffer.byteLength);
      return new Uint8Array(0);
    } finally {
      reader.close();
    }
  }

  /** Fetches a piece from where the file came from: all of it, or too little. Pieces are asked for in order. */
  async #fetched(begin: number, size: number): Promise<Uint8Array<ArrayBuffer>> {
    const piece = new Uint8Array(this.#buffer, 0, size);
    let filled = 0;
    try {
      this.#origin ??= new ByteReader(await this.hooks.refetch());
      await this.#readOrigin(begin - this.#originOffset, () => {});
      await this.#readOrigin(size, (part) => {
        piece.set(part, filled);
        filled += part.length;
      });
    } catch (cause) {
      throw damaged(this.record, cause);
    }
    return piece.subarray(0, filled);
  }

  async #readOrigin(count: number, take: (part: Uint8Array) => void): Promise<void> {
    for (let left = count; left > 0; ) {
      const part = (await this.#origin?.fill(Math.min(pieceBytes, left))) ?? new Uint8Array(0);
      if (part.length === 0) return;
      take(part);
      left -= part.length;
      this.#originOffset += part.length;
    }
  }
}

function damaged({ path }: FileRecord, cause?: unknown): WebDiTError {
  return new WebDiTError(
    'integrity',
    `The stored copy of ${path} is damaged, and it could not be fetched again.`,
    'Connect to the network and load the model again, or delete the stored model.',
    { cause },
  );
}
