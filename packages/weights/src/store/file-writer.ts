import { WebDiTError } from '@webdit/core';
import { sha256Hex } from '../sha256.ts';
import { isHashVersion, isPinned } from '../version.ts';
import type { Lease } from './locks.ts';
import type { ModelStore } from './model-store.ts';
import { type FileId, type FileRecord, keys, storeFormat, type UnfinishedRecord } from './records.ts';
import { busy, deleted, noRoom, notWhole, storageFailure } from './refusals.ts';

export interface WriterOptions {
  /** Bytes of the file that are yet to be stored, where they are known. */
  readonly size: number | undefined;
  /** When another tab is writing the file: wait for it, rather than leave it to it. */
  readonly wait: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Puts a file into the store while it passes by. Nothing is written before a first piece is full or the file has ended, so a
 * file of which only the beginning is read leaves no trace. Storage that fails does not fail the writer: `refusal` says why
 * the file is not stored, and what was written of it is removed. A file that breaks off stays as far as it came, if its version pins
 * its content.
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

  /** Counts the file's next piece as written: an earlier download stored it, and it was compared with its hash. */
  async adopt({ length }: Uint8Array, hash: string): Promise<void> {
    if (this.#active && !this.#lease) await this.#begin({ adopting: true });
    if (!this.#active) return;
    this.#hashes.push(hash);
    this.#bytes += length;
  }

  /** The file has ended, and is what it should be. Afterwards either `record` or `refusal` is set. */
  async finish(): Promise<void> {
    if (this.#active && (this.#filled > 0 || this.#hashes.length === 0)) await this.#flush({ last: true });
    await this.#attempt(async () => {
      await this.#putting;
      const record: FileRecord = { ...this.#unfinished(), bytes: this.#bytes };
      await this.#store.backend.put(keys.fileRecord(this.#id), JSON.stringify(record));
      this.record = record;
    });
    // Beside the file's record it says nothing any more.
    if (this.record && this.#lease) await this.#store.backend.delete(keys.unfinished(this.#id)).catch(() => undefined);
    this.#lease?.release();
  }

  /** Removes what was written: the file is not what it should be. */
  async discard(): Promise<void> {
    if (this.#active) await this.#refuse(notWhole(this.#id));
  }

  /** The file did not come to its end: what was written stays for another download to go on with, where that can be. */
  async suspend(): Promise<void> {
    if (!isPinned(this.#id.version) || this.#hashes.length === 0) return this.discard();
    await this.#attempt(() => this.#putting);
    if (!this.#active) return;
    this.refusal = notWhole(this.#id);
    this.#lease?.release();
  }

  #unfinished(): UnfinishedRecord {
    const { model, path, version, parts } = this.#id;
    return {
      format: storeFormat,
      model,
      path,
      version,
      ...(parts ? { parts } : {}),
      pieceBytes: this.#store.pieceBytes,
      pieces: [...this.#hashes],
      date: new Date().toISOString(),
    };
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

  async #flush({ last = false } = {}): Promise<void> {
    if (!this.#lease) await this.#begin();
    await this.#attempt(async () => {
      const piece = this.#piece.subarray(0, this.#filled);
      const hash = await sha256Hex(piece);
      // One piece is on its way to the disk while the next one fills.
      await this.#putting;
      // Given up in the meantime: the lock may be another tab's by now.
      if (!this.#active) return;
      const putting = this.#store.backend.put(keys.piece(this.#id, this.#hashes.length), piece);
      this.#hashes.push(hash);
      this.#bytes += this.#filled;
      this.#filled = 0;
      const note = last || !isPinned(this.#id.version) ? null : JSON.stringify(this.#unfinished());
      this.#putting = putting.then(async () => {
        if (note && !this.#lease?.lost) await this.#store.backend.put(keys.unfinished(this.#id), note);
      });
      this.#putting.catch(() => undefined);
    });
  }

  /** Before the first piece: the lock, and room for the whole. */
  async #begin({ adopting = false } = {}): Promise<void> {
    const { size, wait, signal } = this.#options;
    const lease = await this.#store.lock(this.#id, { wait, signal });
    // Given up while it waited.
    if (!this.#active) return lease?.release();
    this.#lease = lease;
    if (!lease) {
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
      else if (adopting) throw busy(this.#id);
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
