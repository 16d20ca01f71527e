import { WebDiTError } from '@webdit/core';
import { ByteReader, pieceBytes } from '../byte-reader.ts';
import type { ManifestFile } from '../manifest.ts';
import {
  assertInsideFolder,
  type ModelSource,
  missingFile,
  type OpenOptions,
  openRequired,
  type SourceFile,
  type SourceFileParts,
  sourceFile,
} from '../source.ts';
import { modelAddress } from '../sources/http.ts';
import { FileWriter } from './file-writer.ts';
import { learnModel, type ModelKnowledge } from './model-knowledge.ts';
import type { ModelStore } from './model-store.ts';
import { passingFile } from './passing-file.ts';
import { type FileRecord, hashVersion, type ModelRecord } from './records.ts';
import { noRoom, storageFailure } from './refusals.ts';
import { storedFile } from './stored-file.ts';

/** What a load found in the store and left there. */
export interface StorageOutcome {
  /** `stored`: the whole model is in the store now. `network`: it is not, or not wholly; `notes` says why. */
  readonly state: 'stored' | 'network';
  /** Bytes of the model's files that are in the store. */
  readonly storedBytes: number;
  /** Bytes that came over the network for this load. */
  readonly networkBytes: number;
  /** What a user may want to know, one sentence each. */
  readonly notes: readonly string[];
}

export interface StoredSourceOptions {
  /** Take from the store, and add nothing to it. */
  readonly readOnly?: boolean;
  /** Wait for another tab that is storing a file, rather than leave it to that one. */
  readonly wait?: boolean;
}

export interface KeepOptions extends OpenOptions {
  /** Called with how many of the file's bytes have been read, and how many it has, where that is known. */
  readonly onProgress?: (loaded: number, size: number | undefined) => void;
}

/** A model on the network, with a store in front of it. */
export interface StoredSource extends ModelSource {
  /**
   * Refuses a model that will not fit, as far as its manifest tells, before anything of it is fetched.
   * @throws WebDiTError `quota`.
   */
  checkRoom(options?: OpenOptions): Promise<void>;
  /**
   * Reads a file to its end, to have it in the store or to know that it is whole there.
   * @throws WebDiTError `quota` when it cannot be stored, and what `open` and reading throw.
   */
  keep(path: string, options?: KeepOptions): Promise<void>;
  /**
   * To be called once everything has been read that a load needs: declares the model whole, if it is. Later opens read the
   * store but add nothing to it.
   * @param needed paths of files that generating needs besides; they are stored now.
   * @throws the signal's reason.
   */
  finish(needed?: readonly string[], options?: OpenOptions): Promise<StorageOutcome>;
}

/**
 * A model on the network whose files are taken from the store where they are the same, and put into it on their way where they
 * are not.
 *
 * A folder with a `manifest.json` has its files known by their SHA-256: one in the store is used without asking for it, one from
 * the network is compared while it passes. Without a manifest each file is asked for, and the stored one is used when the
 * server names the same version. Without an answer the stored model is used, if it is whole.
 * @param network whose `name` is the model's URL.
 * @param store null for none: files are then compared with the manifest only.
 */
export function storedSource(
  network: ModelSource,
  store: ModelStore | null,
  options: StoredSourceOptions = {},
): StoredSource {
  return new NetworkAndStore(network, store, options);
}

export function isStoredSource(source: ModelSource): source is StoredSource {
  return source instanceof NetworkAndStore;
}

interface Found {
  readonly store: ModelStore;
  readonly record: FileRecord;
}

interface Opened {
  readonly parts: SourceFileParts;
  /** What puts it into the store on its way, if anything does. */
  readonly writer: FileWriter | null;
}

class NetworkAndStore implements StoredSource {
  readonly name: string;
  readonly weightsFile: string | null;
  readonly #address: string;
  readonly #wait: boolean;
  /** Set at the end of a load, too. */
  #readOnly: boolean;
  /** Null without one, and once it has failed. */
  #store: ModelStore | null;
  #knowledge: Promise<ModelKnowledge> | null = null;
  /** Files that are in the store, and those the server does not have, as null. */
  readonly #files = new Map<string, Pick<FileRecord, 'version' | 'bytes'> | null>();
  /** Files known by their content that other tabs were storing. */
  readonly #elsewhere: { readonly path: string; readonly version: string; readonly refusal: WebDiTError | null }[] = [];
  readonly #notes = new Set<string>();
  /** The first reason why something is not stored. */
  #refusal: WebDiTError | null = null;
  #networkBytes = 0;

  constructor(
    private readonly network: ModelSource,
    store: ModelStore | null,
    { readOnly = false, wait = false }: StoredSourceOptions,
  ) {
    this.name = network.name;
    this.weightsFile = network.weightsFile;
    this.#address = modelAddress(network.name);
    this.#store = store;
    this.#readOnly = readOnly;
    this.#wait = wait;
  }

  async open(path: string, options: OpenOptions = {}): Promise<SourceFile | null> {
    const opened = await this.#open(path, options);
    return opened && sourceFile(opened.parts, options.signal);
  }

  async checkRoom(options: OpenOptions = {}): Promise<void> {
    const { listed } = await this.#know(options);
    const room = await this.#store?.room();
    if (room === undefined || room === null) return;
    let missing = 0;
    for (const file of listed.values())
      if (!(await this.#find(file.path, hashVersion(file.sha256)))) missing += file.bytes;
    if (missing > room) throw noRoom({ path: this.name }, missing, room);
  }

  async keep(path: string, { onProgress, ...options }: KeepOptions = {}): Promise<void> {
    const opened = await this.#open(path, options);
    if (!opened) throw missingFile(this.name, path);
    const reader = new ByteReader(opened.parts, options.signal);
    try {
      let loaded = 0;
      for (let part = await reader.fill(pieceBytes); part.length > 0; part = await reader.fill(pieceBytes)) {
        const refusal = this.#refusal ?? opened.writer?.refusal;
        if (refusal) throw refusal;
        loaded += part.length;
        onProgress?.(loaded, opened.parts.size);
      }
      if (this.#refusal) throw this.#refusal;
    } finally {
      reader.close();
    }
  }

  async finish(needed: readonly string[] = [], options: OpenOptions = {}): Promise<StorageOutcome> {
    await Promise.all(needed.map((path) => this.#readNeeded(path, options)));
    this.#readOnly = true;
    for (const { path, version, refusal } of this.#elsewhere) {
      const found = await this.#find(path, version);
      if (found) this.#files.set(path, { version, bytes: found.record.bytes });
      else this.#refusal ??= refusal;
    }
    const { manifest, model } = await this.#know({});
    const files: Record<string, string | null> = {};
    for (const [path, file] of [...this.#files].sort(([a], [b]) => (a < b ? -1 : 1)))
      files[path] = file?.version ?? null;
    const record = { model: this.#address, manifest, files };
    if (!this.#refusal && !isSame(record, model)) await this.#try((store) => store.finishModel(record));
    return {
      state: this.#store && !this.#refusal ? 'stored' : 'network',
      storedBytes: [...this.#files.values()].reduce((sum, file) => sum + (file?.bytes ?? 0), 0),
      networkBytes: this.#networkBytes,
      notes: [...this.#notes, ...(this.#refusal ? [this.#refusal.message] : [])],
    };
  }

  async #readNeeded(path: string, options: OpenOptions): Promise<void> {
    if (!this.#store || this.#refusal || this.#files.has(path)) return;
    try {
      await (await openRequired(this, path, options)).bytes();
    } catch (error) {
      options.signal?.throwIfAborted();
      if (!(error instanceof WebDiTError)) throw error;
      this.#refusal ??= error;
    }
  }

  async #open(path: string, options: OpenOptions): Promise<Opened | null> {
    assertInsideFolder(path);
    options.signal?.throwIfAborted();
    const { listed, model } = await this.#know(options);
    const expected = listed.get(path);
    return expected ? this.#openListed(expected, options) : this.#openUnlisted(path, model, options);
  }

  async #openListed(expected: ManifestFile, options: OpenOptions): Promise<Opened | null> {
    const { path } = expected;
    const version = hashVersion(expected.sha256);
    const found = await this.#find(path, version);
    if (found) return this.#stored(found, options);
    // Of what the store keeps the browser need not keep a second copy, and none may be older than the manifest.
    const file = await this.network.open(path, {
      ...options,
      cache: this.#store && !this.#readOnly ? 'no-store' : 'no-cache',
    });
    return file && this.#passing(file, version, expected, options);
  }

  async #openUnlisted(path: string, model: ModelRecord | null, options: OpenOptions): Promise<Opened | null> {
    const kept = model?.files[path];
    let file: SourceFile | null;
    try {
      file = await this.network.open(path, options);
    } catch (error) {
      options.signal?.throwIfAborted();
      if (!model || kept === undefined) throw error;
      this.#notes.add(offlineNote(model));
      const found = kept === null ? null : await this.#find(path, kept);
      if (found) return this.#stored(found, options);
      if (kept !== null) throw error;
      file = null;
    }
    if (!file) {
      this.#files.set(path, null);
      return null;
    }
    const found = file.version !== undefined && file.version === kept ? await this.#find(path, kept) : null;
    if (!found) {
      // What nothing can be compared with is never taken for the same.
      const version = file.version ?? `once-${crypto.randomUUID()}`;
      return this.#passing(file, version, null, options);
    }
    await file.stream().cancel();
    return this.#stored(found, options);
  }

  #stored({ store, record }: Found, options: OpenOptions): Opened {
    const { path, version, bytes } = record;
    this.#files.set(path, { version, bytes });
    const parts = storedFile(store, record, {
      refetch: () => openRequired(this.network, path, { ...options, cache: 'no-store' }),
      onRepair: (count) => {
        this.#networkBytes += count;
        this.#notes.add(`A damaged part of the stored copy of ${path} was fetched again.`);
      },
    });
    return { parts, writer: null };
  }

  async #passing(
    file: SourceFile,
    version: string,
    expected: ManifestFile | null,
    { signal }: OpenOptions,
  ): Promise<Opened> {
    const { path } = file;
    const id = { model: this.#address, path, version };
    const size = expected?.bytes ?? file.size;
    const writer =
      this.#store && !this.#readOnly ? new FileWriter(this.#store, id, { size, wait: this.#wait, signal }) : null;
    const parts = await passingFile(file, {
      expected,
      writer,
      onBytes: (count) => {
        this.#networkBytes += count;
      },
      onEnd: () => {
        if (writer?.record) this.#files.set(path, { version, bytes: writer.record.bytes });
        else if (writer?.busy && expected) this.#elsewhere.push({ path, version, refusal: writer.refusal });
        else this.#refusal ??= writer?.refusal ?? null;
      },
    });
    return { parts, writer };
  }

  #know(options: OpenOptions): Promise<ModelKnowledge> {
    this.#knowledge ??= this.#learn(options).catch((error) => {
      this.#knowledge = null;
      throw error;
    });
    return this.#knowledge;
  }

  async #learn(options: OpenOptions): Promise<ModelKnowledge> {
    const model = await this.#try((store) => store.model(this.#address));
    // What cannot be swept away now will be another time.
    void this.#store?.sweep().catch(() => undefined);
    return learnModel(this.network, model, {
      ...options,
      onOffline: (stored) => this.#notes.add(offlineNote(stored)),
    });
  }

  #find(path: string, version: string): Promise<Found | null> {
    return this.#try(async (store) => {
      const record = await store.file({ model: this.#address, path, version });
      return record && { store, record };
    });
  }

  /** Asks the store, and does without it from then on when it fails. */
  async #try<T>(ask: (store: ModelStore) => Promise<T>): Promise<T | null> {
    if (!this.#store) return null;
    try {
      return await ask(this.#store);
    } catch (cause) {
      this.#store = null;
      this.#refusal ??= storageFailure(cause);
      return null;
    }
  }
}

function offlineNote({ date }: ModelRecord): string {
  return `The network did not give this model, so the copy stored on ${date.slice(0, 10)} was loaded.`;
}

function isSame(record: Omit<ModelRecord, 'format' | 'date'>, stored: ModelRecord | null): boolean {
  const text = ({ manifest, files }: Omit<ModelRecord, 'format' | 'date'>) => JSON.stringify([manifest, files]);
  return stored !== null && text(record) === text(stored);
}
