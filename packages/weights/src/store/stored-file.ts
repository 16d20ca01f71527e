import { WebDiTError } from '@webdit/core';
import { type ByteProducer, byteStream } from '../byte-stream.ts';
import { placeIn, wholeVersion } from '../file-parts.ts';
import { type ResumeOptions, ResumingReader } from '../resuming-reader.ts';
import type { SourceFileParts } from '../source.ts';
import type { ModelStore } from './model-store.ts';
import { PieceReader } from './piece-reader.ts';
import { type FileRecord, keys } from './records.ts';

export interface StoredFileHooks {
  /** Opens the same file where it came from, at a byte or at 0. @throws WebDiTError `network` without a connection. */
  readonly refetch: ResumeOptions['open'];
  readonly retryDelays?: readonly number[] | undefined;
  /** A piece was damaged or gone, and has been fetched again. */
  onRepair(bytes: number): void;
}

/**
 * A file of the store, or what is stored of one. Every piece is compared with its hash before any of it is handed out; one that is damaged or gone is
 * taken from where the file came from, and put back.
 * @param begin the byte to begin at, of those that are stored.
 */
export function storedFile(
  store: ModelStore,
  record: FileRecord,
  begin: number,
  hooks: StoredFileHooks,
): SourceFileParts {
  const { path, parts, bytes, version } = record;
  return {
    path,
    begin: parts ? placeIn(parts, begin) : begin,
    ...(parts ? { parts } : { size: bytes }),
    version: wholeVersion(version),
    stream: () => byteStream(new StoredBytes(store, record, begin, hooks)),
    failure: (cause) => (cause instanceof WebDiTError ? cause : damaged(record, cause)),
  };
}

class StoredBytes implements ByteProducer {
  readonly #pieces: PieceReader;
  /** The piece being handed out. */
  #piece = new Uint8Array(0);
  #offset = 0;
  #next: number;
  /** Bytes to leave out of the first piece. */
  #before: number;
  /** Where the file came from, once it was needed, and the byte it stands at. */
  #origin: ResumingReader | null = null;
  #originOffset = 0;

  constructor(
    private readonly store: ModelStore,
    private readonly record: FileRecord,
    begin: number,
    private readonly hooks: StoredFileHooks,
  ) {
    this.#next = Math.floor(begin / record.pieceBytes);
    this.#before = begin % record.pieceBytes;
    this.#pieces = new PieceReader(store, record, Math.min(record.bytes, record.pieceBytes));
  }

  async read(view: Uint8Array<ArrayBuffer>): Promise<number> {
    if (this.#offset === this.#piece.length) {
      if (this.#next >= this.record.pieces.length) return 0;
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
    this.#piece = (await this.#pieces.read(index, size)) ?? (await this.#repair(index, begin, size));
    this.#offset = Math.min(this.#before, size);
    this.#before = 0;
  }

  /** Fetches a piece from where the file came from, and puts it back. */
  async #repair(index: number, begin: number, size: number): Promise<Uint8Array<ArrayBuffer>> {
    const piece = new Uint8Array(this.#pieces.buffer, 0, size);
    let count: number;
    try {
      if (!this.#origin || this.#originOffset !== begin) {
        this.#origin?.close();
        const { parts } = this.record;
        const open = this.hooks.refetch;
        this.#origin = new ResumingReader({ ...this.hooks, parts, open, position: begin, hashed: true });
      }
      count = await this.#origin.read(piece);
      this.#originOffset = begin + count;
    } catch (cause) {
      throw damaged(this.record, cause);
    }
    if (count < size || !(await this.#pieces.isRight(index, piece))) {
      await this.store.dropFile(this.record);
      throw damaged(this.record);
    }
    // What cannot be put back is fetched again next time.
    await this.store.backend.put(keys.piece(this.record, index), piece).catch(() => undefined);
    this.hooks.onRepair(size);
    return piece;
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
