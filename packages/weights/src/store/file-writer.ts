import { WebDiTError } from '@webdit/core';
import { sha256Hex } from '../sha256.ts';
import type { Lease } from './locks.ts';
import type { ModelStore } from './model-store.ts';
import { type FileId, type FileRecord, isHashVersion, keys, storeFormat } from './records.ts';
import { busy, deleted, noRoom, storageFailure } from './refusals.ts';

export interface WriterOptions {
  /** Bytes of the whole file, where they are known. */
  readonly size: number | undefined;
  /** When another tab is writing the file: wait for it, rather than leave it to it. */
  readonly wait: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Puts a file into the store while it passes by. Nothing is written before a first piece is full or the file has ended, so a
 * file of which only the beginning is read leaves no trace. Storage that fails does not fail the writer: `refusal` says why
 * the file is not stored, and what was written of it is removed.
 */
export class FileWriter {
  /** Why this file is not being stored; null while it is. */
  refusal: WebDiTError | null = null;
  /** Whether that is because another tab is writing it. */
  busy = false;
  /** The file, once it is stored: by this writer, or meanwhile by another tab. */
  record: FileRecord | null = null;
  readonly #store: ModelStore;
  readonly #id: FileId;
  readonly #options: WriterOptions;
  /** Grows up to a piece: most files are far smaller. */
  #piece = new Uint8Array(16 * 1024);
  #filled = 0;
  #bytes = 0;
  readonly #hashes: string[] = [];
  #putting: Promise<void> = Promise.resolve();
  #lease: Lease | null = null;

  constructor(store: ModelStore, id: FileId, options: WriterOptions) {
    this.#store = store;
    this.#id = id;
    this.#options = options;
  }

  /** Takes a copy of the file's next bytes. @throws only the signal's reason, and only when it is to wait. */
  async append(bytes: Uint8Array): Promise<void> {
    for (let offset = 0; offset < bytes.length && this.#active; ) {
      const count = Math.min(bytes.length - offset, this.#store.pieceBytes - this.#filled);
      this.#reserve(this.#filled + count);
      this.#piece.set(bytes.subarray(offset, offset + count), this.#filled);
      this.#filled += count;
      offset += count;
      if (this.#filled === this.#store.pieceBytes) await this.#flush();
    }
  }

  /** The file has ended, and is what it should be. Afterwards either `record` or `refusal` is set. */
  async finish(): Promise<void> {
    if (this.#active && (this.#filled > 0 || this.#hashes.length === 0)) await this.#flush();
    await this.#attempt(async () => {
      await this.#putting;
      const { model, path, version } = this.#id;
      const record: FileRecord = {
        format: storeFormat,
        model,
        path,
        version,
        bytes: this.#bytes,
        pieceBytes: this.#store.pieceBytes,
        pieces: this.#hashes,
        date: new Date().toISOString(),
      };
      await this.#store.backend.put(keys.fileRecord(this.#id), JSON.stringify(record));
      this.record = record;
    });
    this.#lease?.release();
  }

  /** Removes what was written: the file did not come to its end, or is not what it should be. */
  async discard(): Promise<void> {
    if (this.#active)
      await this.#refuse(new WebDiTError('network', 'The file did not arrive whole.', 'Load it again.'));
  }

  get #active(): boolean {
    return this.refusal === null && this.record === null;
  }

  #reserve(size: number): void {
    if (size <= this.#piece.length) return;
    const grown = new Uint8Array(Math.min(this.#store.pieceBytes, Math.max(size, 2 * this.#piece.length)));
    grown.set(this.#piece.subarray(0, this.#filled));
    this.#piece = grown;
  }

  async #flush(): Promise<void> {
    if (!this.#lease) await this.#begin();
    await this.#attempt(async () => {
      const piece = this.#piece.subarray(0, this.#filled);
      const hash = await sha256Hex(piece);
      // One piece is on its way to the disk while the next one fills.
      await this.#putting;
      const putting = this.#store.backend.put(keys.piece(this.#id, this.#hashes.length), piece);
      putting.catch(() => undefined);
      this.#putting = putting;
      this.#hashes.push(hash);
      this.#bytes += this.#filled;
      this.#filled = 0;
    });
  }

  /** Before the first piece: the lock, and room for the whole. */
  async #begin(): Promise<void> {
    const { size, wait, signal } = this.#options;
    this.#lease = await this.#store.lock(this.#id, { wait, signal });
    if (!this.#lease) {
      this.busy = true;
      return this.#refuse(busy(this.#id));
    }
    await this.#attempt(async () => {
      const room = await this.#store.room();
      if (size !== undefined && room !== null && size > room) throw noRoom(this.#id, size, room);
      const stored = await this.#store.file(this.#id);
      if (!stored) return;
      // Another tab has stored the content meanwhile. What a server calls the same may be a failed load's.
      if (isHashVersion(this.#id.version)) this.record = stored;
      else await this.#store.dropFile(stored);
    });
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    if (!this.#active) return;
    try {
      if (this.#lease?.lost) throw deleted(this.#id);
      await work();
    } catch (cause) {
      await this.#refuse(cause instanceof WebDiTError ? cause : storageFailure(cause));
    }
  }

  async #refuse(reason: WebDiTError): Promise<void> {
    this.refusal = reason;
    this.record = null;
    // Who took the lock away has removed the pieces, or is writing them.
    if (this.#lease && !this.#lease.lost) {
      await this.#putting.catch(() => undefined);
      // What cannot be removed now is swept later.
      await this.#store.dropPieces(this.#id, this.#hashes.length).catch(() => undefined);
    }
    this.#lease?.release();
  }
}
