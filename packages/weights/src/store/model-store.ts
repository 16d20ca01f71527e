import { holding } from '../hold.ts';
import { cacheBackend, type StoreBackend } from './backend.ts';
import { breakLocks, type Lease, type Locks, takeLock } from './locks.ts';
import {
  type FileId,
  type FileRecord,
  keys,
  type ModelRecord,
  parseKey,
  storeFormat,
  type UnfinishedRecord,
  unfinishedBytes,
} from './records.ts';

/** A model in the store, whole or not. */
export interface StoredModel {
  /** Address of the folder or weights file. */
  readonly url: string;
  /** Bytes of its stored files, and of those whose download can go on. */
  readonly bytes: number;
  /** How many files are stored whole. */
  readonly files: number;
  /** When it became whole; until then, when something of it was stored last. */
  readonly date: Date;
  /** Whether everything that loading and generating need is there: such a model works without a network. */
  readonly whole: boolean;
}

/** Small, so that a phone can hold a piece being read and one being written. */
const defaultPieceBytes = 4 * 2 ** 20;
/** How long an unfinished download is kept for going on with, in milliseconds. */
const patience = 7 * 24 * 60 * 60 * 1000;
/** Left free for everything else the site stores. */
const spareBytes = 2 ** 20;

const lockName = (folder: string) => `webdit-store ${folder}`;

export interface StoreOptions {
  /** Bytes of a piece of the files to come. */
  readonly pieceBytes?: number;
  /** The browser's, where it has them. */
  readonly locks?: Locks | undefined;
  /** The browser's, where it tells. */
  readonly storage?: Pick<StorageManager, 'estimate'> | undefined;
}

/**
 * Files of models, kept in pieces, known by model, path and version. A record follows the last piece of a file, and another the
 * last file of a model, so that nothing unfinished passes for whole. What a download that broke off has left is kept under a record
 * of its own kind for a week. Methods throw what the backend throws.
 */
export class ModelStore {
  readonly pieceBytes: number;
  readonly #locks: Locks | undefined;
  readonly #storage: StoreOptions['storage'];

  constructor(
    readonly backend: StoreBackend,
    { pieceBytes = defaultPieceBytes, locks, storage }: StoreOptions = {},
  ) {
    this.pieceBytes = pieceBytes;
    this.#locks = locks;
    this.#storage = storage;
  }

  /** A whole stored file, or null. */
  file(id: FileId): Promise<FileRecord | null> {
    return this.#read<FileRecord>(keys.fileRecord(id));
  }

  /** A whole stored model, or null. */
  model(model: string): Promise<ModelRecord | null> {
    return this.#read<ModelRecord>(keys.modelRecord(model));
  }

  /** Every file of a model that is unfinished, also those being written. */
  async unfinished(model: string): Promise<UnfinishedRecord[]> {
    return (await this.#records<UnfinishedRecord>('unfinished')).filter((record) => record.model === model);
  }

  /** Declares a model whole, all of whose files are stored, and drops files of it that the record does not name. */
  async finishModel(record: Omit<ModelRecord, 'format' | 'date'>): Promise<void> {
    const whole: ModelRecord = { format: storeFormat, date: new Date().toISOString(), ...record };
    await this.backend.put(keys.modelRecord(record.model), JSON.stringify(whole));
    for (const file of await this.#records<FileRecord>('file')) {
      if (file.model === record.model && record.files[file.path] !== file.version) await this.dropFile(file);
    }
    await this.sweep(record.model);
  }

  /** Every model of which something is stored, by address. */
  async list(): Promise<StoredModel[]> {
    await this.sweep();
    const files = await this.#records<FileRecord>('file');
    const unfinished = await this.#records<UnfinishedRecord>('unfinished');
    const models = [...new Set([...files, ...unfinished].map(({ model }) => model))].sort();
    return Promise.all(models.map((model) => this.#describe(model, files, unfinished)));
  }

  /** Removes a model, also while another tab stores it. @returns whether there was anything of it. */
  async delete(model: string): Promise<boolean> {
    const folder = keys.model(model);
    await breakLocks(this.#locks, lockName(folder));
    const own = (await this.backend.keys()).filter((key) => key.startsWith(folder));
    // Records first: whoever reads meanwhile finds no file rather than part of one.
    const pieces = own.filter((key) => parseKey(key)?.kind === 'piece');
    for (const key of own) if (!pieces.includes(key)) await this.backend.delete(key);
    for (const key of pieces) await this.backend.delete(key);
    return own.length > 0;
  }

  /** Removes a stored file. */
  async dropFile(record: FileRecord): Promise<void> {
    await this.backend.delete(keys.fileRecord(record));
    await this.dropPieces(record, record.pieces.length);
  }

  /** Removes the first `count` pieces of a file that has no record, and that they are unfinished. */
  async dropPieces(id: FileId, count: number): Promise<void> {
    await this.backend.delete(keys.unfinished(id));
    for (let index = 0; index < count; index++) await this.backend.delete(keys.piece(id, index));
  }

  /**
   * Removes what nobody is writing of files without a record: leftovers of tabs that were closed while they stored, and downloads
   * that were not gone on with for a week. Of whole files, what says that they are unfinished.
   * @param model a model that is whole, so that it needs nothing unfinished any more.
   */
  async sweep(model?: string): Promise<void> {
    const folders = new Map<string, string[]>();
    const whole = new Set<string>();
    for (const key of await this.backend.keys()) {
      const { folder, kind } = parseKey(key) ?? {};
      if (folder === undefined) continue;
      if (kind === 'unfinished') folders.set(folder, [key, ...(folders.get(folder) ?? [])]);
      if (kind === 'piece') folders.set(folder, [...(folders.get(folder) ?? []), key]);
      if (kind === 'file') whole.add(folder);
    }
    for (const [folder, own] of folders) {
      if (whole.has(folder) && !own.includes(`${folder}unfinished`)) continue;
      const lease = await takeLock(this.#locks, lockName(folder));
      if (!lease) continue;
      try {
        for (const key of await this.#leftovers(folder, own, model)) await this.backend.delete(key);
      } finally {
        lease.release();
      }
    }
  }

  /** What is to be removed of a folder's own, under its lock. */
  async #leftovers(folder: string, own: readonly string[], wholeModel: string | undefined): Promise<readonly string[]> {
    // Its writer may have ended, with a record, since the keys were read.
    if (await this.backend.get(`${folder}record`)) return own.filter((key) => key === `${folder}unfinished`);
    return (await this.#isStale(folder, own, wholeModel)) ? own : [];
  }

  async #isStale(folder: string, own: readonly string[], wholeModel: string | undefined): Promise<boolean> {
    const unfinished = await this.#read<UnfinishedRecord>(`${folder}unfinished`);
    if (!unfinished || own.length <= unfinished.pieces.length) return true;
    return unfinished.model === wholeModel || Date.now() - Date.parse(unfinished.date) > patience;
  }

  /** The lock under which a file is written; null when another holds it and this one does not `wait`. */
  lock(
    id: FileId,
    options: { readonly wait: boolean; readonly signal?: AbortSignal | undefined },
  ): Promise<Lease | null> {
    return takeLock(this.#locks, lockName(keys.file(id)), options);
  }

  /** Bytes that may still be stored, or null where the browser does not tell. */
  async room(): Promise<number | null> {
    try {
      const { quota, usage } = (await this.#storage?.estimate()) ?? {};
      return quota === undefined || usage === undefined ? null : Math.max(0, quota - usage - spareBytes);
    } catch {
      // A page without an origin has no storage to estimate; writing will say so.
      return null;
    }
  }

  async #describe(
    url: string,
    allFiles: readonly FileRecord[],
    allUnfinished: readonly UnfinishedRecord[],
  ): Promise<StoredModel> {
    const files = allFiles.filter(({ model }) => model === url);
    const unfinished = allUnfinished.filter(({ model }) => model === url);
    const whole = await this.model(url);
    const stored = (path: string, version: string | null) =>
      version === null || files.some((file) => file.path === path && file.version === version);
    const dates = [...files, ...unfinished].map(({ date }) => date).sort();
    return {
      url,
      bytes: [...files.map(({ bytes }) => bytes), ...unfinished.map(unfinishedBytes)].reduce((sum, n) => sum + n, 0),
      files: files.length,
      date: new Date(whole?.date ?? dates.at(-1) ?? 0),
      whole: whole !== null && Object.entries(whole.files).every(([path, version]) => stored(path, version)),
    };
  }

  /** All records of a kind. */
  async #records<T extends UnfinishedRecord>(kind: 'file' | 'unfinished'): Promise<T[]> {
    const found = (await this.backend.keys()).filter((key) => parseKey(key)?.kind === kind);
    const records = await Promise.all(found.map((key) => this.#read<T>(key)));
    // Another tab may have removed one in between.
    return records.filter((record) => record !== null);
  }

  async #read<T extends { readonly format: string }>(key: string): Promise<T | null> {
    const value = await this.backend.get(key);
    if (!value) return null;
    const response = new Response(value);
    const record = (await holding(response, response.json())) as T;
    // A later release may keep its records otherwise.
    return record.format === storeFormat ? record : null;
  }
}

/** The store of this browser and origin; null where there is none, as in Node and on insecure pages. */
export function browserStore(): ModelStore | null {
  if (!('caches' in globalThis)) return null;
  const { locks, storage }: { locks?: LockManager; storage?: StorageManager } = globalThis.navigator;
  return new ModelStore(cacheBackend(), { locks, storage });
}

/** A store in a place of the caller's. How much room there is nobody can tell before it is full. */
export function customStore(backend: StoreBackend): ModelStore {
  const { locks }: { locks?: LockManager } = globalThis.navigator ?? {};
  return new ModelStore(backend, { locks });
}
