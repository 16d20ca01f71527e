import { WebDiTError } from '@webdit/core';
import { readPieces } from '../byte-reader.ts';
import { bytesIn, holds, partsVersion, wholeVersion } from '../file-parts.ts';
import type { ManifestFile } from '../manifest.ts';
import { openPatiently } from '../resuming-reader.ts';
import {
  assertInsideFolder,
  type FilePart,
  type ModelSource,
  missingFile,
  type OpenOptions,
  openRequired,
  type SourceFile,
  type SourceFileParts,
  sourceFile,
} from '../source.ts';
import { modelAddress } from '../sources/http.ts';
import { hashVersion, isPinned, versionOf } from '../version.ts';
import { FileWriter } from './file-writer.ts';
import { type Current, type Found, unasked } from './lookup.ts';
import { isSame, learnModel, type ModelKnowledge, offlineNote } from './model-knowledge.ts';
import type { ModelStore } from './model-store.ts';
import { networkPart } from './network-part.ts';
import { type Beginning, type Passing, passingFile } from './passing-file.ts';
import { type FileRecord, type ModelRecord, type UnfinishedRecord, unfinishedBytes } from './records.ts';
import { noRoom, storageFailure } from './refusals.ts';
import type { KeepOptions, StorageOutcome, StoredSource, StoredSourceOptions } from './storage.ts';
import { storedFile } from './stored-file.ts';

/**
 * A model on the network whose files are taken from the store where they are the same, and put into it on their way where they
 * are not.
 *
 * A folder with a `manifest.json` has its files known by their SHA-256: one in the store is used without asking for it, one from
 * the network is compared while it passes. Without a manifest each file is asked for, and the stored one is used when the
 * server names the same version. Without an answer the stored model is used, if it is whole.
 *
 * Of a file of which only parts are needed only those are fetched and stored, where its version pins its content and no manifest asks
 * for the whole; their SHA-256 is then taken on arrival, and the file's own, which some sources tell, cannot be compared.
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
  readonly #retryDelays: readonly number[] | undefined;
  readonly #adds: boolean;
  /** Set at the end of a load, too. */
  #readOnly: boolean;
  /** Null without one, and once it has failed. */
  #store: ModelStore | null;
  #knowledge: Promise<ModelKnowledge> | null = null;
  /** What earlier loads have begun of this model. */
  #unfinished: readonly UnfinishedRecord[] = [];
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
    { readOnly = false, wait = false, retryDelays }: StoredSourceOptions,
  ) {
    this.name = network.name;
    this.weightsFile = network.weightsFile;
    this.#address = modelAddress(network.name);
    this.#store = store;
    this.#adds = !readOnly;
    this.#readOnly = readOnly;
    this.#wait = wait;
    this.#retryDelays = retryDelays;
  }

  async open(path: string, options: OpenOptions = {}): Promise<SourceFile | null> {
    const opened = options.begin ? await this.#openPart(path, options.begin, options) : await this.#open(path, options);
    return opened && sourceFile(opened.parts, options.signal);
  }

  async checkRoom(options: OpenOptions = {}): Promise<void> {
    const { listed } = await this.#know(options);
    const room = await this.#store?.room();
    if (room === undefined || room === null) return;
    let missing = 0;
    for (const { path, bytes, sha256 } of listed.values()) {
      const version = hashVersion(sha256);
      if (await this.#find(path, version)) continue;
      const begun = this.#beginning(path, version);
      missing += bytes - (begun ? unfinishedBytes(begun.record) : 0);
    }
    if (missing > room) throw noRoom({ path: this.name }, missing, room);
  }

  async keep(path: string, { onProgress, ...options }: KeepOptions = {}): Promise<void> {
    const opened = await this.#open(path, options);
    if (!opened) throw missingFile(this.name, path);
    const { size, parts } = opened.parts;
    const total = parts ? bytesIn(parts) : size;
    let loaded = 0;
    for await (const piece of readPieces(opened.parts, options.signal)) {
      const refusal = this.#refusal ?? opened.writer?.refusal;
      if (refusal) throw refusal;
      loaded += piece.length;
      onProgress?.(loaded, total);
    }
    if (this.#refusal) throw this.#refusal;
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
    await this.#keepUnasked();
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

  async resume(): Promise<void> {
    this.#readOnly = !this.#adds;
    this.#unfinished = (await this.#try((store) => store.unfinished(this.#address))) ?? [];
  }

  /** What the stored model has and this load did not ask for stays, unless the manifest has another. */
  async #keepUnasked(): Promise<void> {
    // As it is now: somebody may have kept more of it meanwhile.
    const model = await this.#try((store) => store.model(this.#address));
    for (const [path, version] of unasked(model, this.#files, await this.#know({}))) {
      const found = await this.#find(path, version);
      if (found) this.#files.set(path, { version, bytes: found.record.bytes });
    }
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

  /** A file from some byte on: of the store, if this load has found it there, else of the network, not stored and not compared. */
  async #openPart(path: string, begin: number, options: OpenOptions): Promise<Opened | null> {
    assertInsideFolder(path);
    await this.#know(options);
    const known = this.#files.get(path);
    const wanted = [{ begin, end: options.end ?? Number.POSITIVE_INFINITY }];
    const found = known && (await this.#find(path, known.version, wanted));
    if (found) return this.#stored(found, options, begin);
    const retryDelays = this.#retryDelays;
    const { signal } = options;
    // Whoever reads parts has read the file's beginning before.
    const file = await openPatiently(() => this.network.open(path, options), { retryDelays, signal });
    if (!file) return null;
    const part = networkPart(file, {
      open: this.#reopen(path, options),
      retryDelays,
      onBytes: (count) => this.#countNetwork(count),
    });
    return { parts: part, writer: null };
  }

  /** Always from the file's first byte. */
  async #open(path: string, { begin: _, end: __, ...options }: OpenOptions): Promise<Opened | null> {
    assertInsideFolder(path);
    options.signal?.throwIfAborted();
    const { listed, model } = await this.#know(options);
    const expected = listed.get(path);
    return expected ? this.#openListed(expected, options) : this.#openUnlisted(path, model, options);
  }

  async #openListed(listed: ManifestFile, options: OpenOptions): Promise<Opened | null> {
    const { path } = listed;
    const version = hashVersion(listed.sha256);
    const found = await this.#find(path, version);
    if (found) return this.#stored(found, options);
    // Of what the store keeps the browser need not keep a second copy, and none may be older than the manifest.
    const cache = this.#store && !this.#readOnly ? 'no-store' : 'no-cache';
    const expected = { ...listed, by: 'manifest' } as const;
    const beginning = this.#beginning(path, version);
    if (beginning) return this.#passing({ file: null, path, version, expected, beginning }, { ...options, cache });
    const file = await this.network.open(path, { ...options, cache });
    return file && this.#passing({ file, path, version, expected, beginning: null }, { ...options, cache });
  }

  async #openUnlisted(path: string, model: ModelRecord | null, options: OpenOptions): Promise<Opened | null> {
    const kept = model?.files[path];
    const { parts, ...whole } = options;
    const begun = parts?.length ? null : this.#beginning(path);
    let file: SourceFile | null;
    try {
      file = await this.network.open(path, { ...whole, begin: begun ? unfinishedBytes(begun.record) : 0 });
      if (file && file.begin > 0 && versionOf(file) !== begun?.record.version) {
        await file.stream().cancel();
        file = await this.network.open(path, whole);
      }
    } catch (error) {
      options.signal?.throwIfAborted();
      if (!model || kept === undefined) throw error;
      this.#notes.add(offlineNote(model));
      const found = kept === null ? null : await this.#find(path, kept, parts);
      if (found) return this.#stored(found, options);
      if (kept !== null) throw error;
      file = null;
    }
    if (!file) {
      this.#files.set(path, null);
      return null;
    }
    const { sha256, size: bytes } = file;
    const expected = sha256 === undefined ? null : ({ path, bytes, sha256, by: 'source' } as const);
    const named = versionOf(file);
    const found = await this.#current(path, { named, kept, hashed: expected !== null, parts });
    if (!found && parts?.length && isPinned(named)) return this.#passingParts(file, named, parts, whole);
    if (!found) {
      // What nothing can be compared with is never taken for the same.
      const version = named ?? `once-${crypto.randomUUID()}`;
      return this.#passing({ file, path, version, expected, beginning: file.begin > 0 ? begun : null }, options);
    }
    await file.stream().cancel();
    return this.#stored(found, options);
  }

  /** What is stored of a file's content: all of it, or what is wanted and perhaps more. */
  async #current(path: string, { named, kept, hashed, parts }: Current): Promise<Found | null> {
    if (named === undefined) return null;
    const whole = hashed || named === kept ? await this.#find(path, named) : null;
    if (whole || !parts) return whole;
    const ofKept = kept && wholeVersion(kept) === named ? await this.#find(path, kept, parts) : null;
    if (ofKept || !hashed || parts.length === 0) return ofKept;
    return this.#find(path, await partsVersion(named, parts), parts);
  }

  async #passingParts(file: SourceFile, named: string, parts: readonly FilePart[], options: OpenOptions) {
    const { path, size, sha256 } = file;
    const version = await partsVersion(named, parts);
    const beginning = this.#beginning(path, version);
    // What is stored is not fetched to be read over.
    if (beginning) await file.stream().cancel();
    if (sha256 !== undefined) {
      this.#notes.add(`Only what is needed of ${path} was fetched, so that its SHA-256 was not compared.`);
    }
    const passing = { file: beginning ? null : file, path, version, expected: null, beginning };
    return this.#passing({ ...passing, of: { parts, size, version: named } }, options);
  }

  async #stored({ store, record }: Found, options: OpenOptions, begin = 0): Promise<Opened> {
    const { path, version, bytes } = record;
    this.#files.set(path, { version, bytes });
    const { parts: stored } = record;
    const file = storedFile(store, record, stored ? bytesIn(stored, begin) : begin, {
      refetch: this.#reopen(path, options),
      retryDelays: this.#retryDelays,
      onRepair: (count) => {
        this.#countNetwork(count);
        this.#notes.add(`A damaged part of the stored copy of ${path} was fetched again.`);
      },
    });
    const { listed } = await this.#know(options);
    return { parts: { ...file, givesParts: isPinned(version) && !listed.has(path) }, writer: null };
  }

  /** Opens a file of the network again. The browser's own cache might answer with what was cut. */
  #reopen(path: string, options: OpenOptions) {
    return (begin: number, signal: AbortSignal, end?: number) => {
      const signals = options.signal ? [options.signal, signal] : [signal];
      return openRequired(this.network, path, { cache: 'no-store', begin, end, signal: AbortSignal.any(signals) });
    };
  }

  async #passing(
    { of, ...passing }: Pick<Passing, 'path' | 'file' | 'expected' | 'beginning' | 'of'> & { readonly version: string },
    options: OpenOptions,
  ): Promise<Opened> {
    const { path, version, expected, file, beginning } = passing;
    const id = { model: this.#address, path, version, ...(of ? { parts: of.parts } : {}) };
    const size = of ? bytesIn(of.parts) : (expected?.bytes ?? file?.size);
    const missing = size === undefined ? undefined : size - (beginning ? unfinishedBytes(beginning.record) : 0);
    const { signal } = options;
    const writer =
      this.#store && !this.#readOnly
        ? new FileWriter(this.#store, id, { size: missing, wait: this.#wait, signal })
        : null;
    const parts = await passingFile({
      ...passing,
      of,
      writer,
      retryDelays: this.#retryDelays,
      open: this.#reopen(path, options),
      onBytes: (count) => this.#countNetwork(count),
      onEnd: () => {
        if (writer?.record) this.#files.set(path, { version, bytes: writer.record.bytes });
        else if (writer?.busy && expected) this.#elsewhere.push({ path, version, refusal: writer.refusal });
        else this.#refusal ??= writer?.refusal ?? null;
      },
    });
    return { parts, writer };
  }

  #countNetwork(count: number): void {
    this.#networkBytes += count;
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
    this.#unfinished = (await this.#try((store) => store.unfinished(this.#address))) ?? [];
    // What cannot be swept away now will be another time.
    void this.#store?.sweep().catch(() => undefined);
    return learnModel(this.network, model, {
      ...options,
      onOffline: (stored) => this.#notes.add(offlineNote(stored)),
    });
  }

  /** A stored file; one of which only parts are stored where these are wanted. */
  #find(path: string, version: string, wanted?: readonly FilePart[]): Promise<Found | null> {
    return this.#try(async (store) => {
      const record = await store.file({ model: this.#address, path, version });
      const isEnough = !record?.parts || (wanted !== undefined && holds(record.parts, wanted));
      return record && isEnough ? { store, record } : null;
    });
  }

  /** What is stored of an unfinished file; of a whole one of any version where none is given. */
  #beginning(path: string, version?: string): Beginning | null {
    const store = this.#store;
    if (!store) return null;
    const record = this.#unfinished.find(
      (record) =>
        record.path === path &&
        (version === undefined ? !record.parts : record.version === version) &&
        record.pieceBytes === store.pieceBytes,
    );
    return record ? { store, record } : null;
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
