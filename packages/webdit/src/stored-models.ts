import { WebDiTError } from '@webdit/core';
import {
  browserStore,
  checkAccessToken,
  customStore,
  type ModelStore,
  modelAddress,
  type StoreBackend,
  type StoredModel,
  storageFailure,
} from '@webdit/weights';
import { checkHooks, checkStore } from './arguments.ts';
import { badArgument, refuseUnknownKeys, show } from './check-values.ts';
import { absoluteUrl } from './model-input.ts';

/** Whom to tell, and when to stop. */
export interface StoreModelOptions {
  /** Called with the bytes stored so far; `total` grows until every file is known. */
  readonly onProgress?: (progress: StoreModelProgress) => void;
  /** Aborts the download, which then rejects with `signal.reason`; what can be used or gone on with stays stored. */
  readonly signal?: AbortSignal;
  /** A store of your own; default the browser's storage. */
  readonly store?: StoreBackend;
  /** A token of the Hugging Face hub for a gated or private model there; sent to the hub's own host alone, and not stored. */
  readonly accessToken?: string;
}

/** Which store is meant. */
export interface StoredModelsOptions {
  /** A store of your own; default the browser's storage. */
  readonly store?: StoreBackend;
}

/** Bytes of a model that are stored. */
export interface StoreModelProgress {
  readonly loaded: number;
  readonly total: number;
}

/** What the browser says about this site's storage. */
export interface StorageFacts {
  /** Bytes that everything this site stores may have, and has; null where the browser does not tell. */
  readonly quota: number | null;
  readonly usage: number | null;
  /** Whether the browser promised not to clear it by itself when space is short. */
  readonly persisted: boolean;
}

/**
 * Every model of which something is stored in this browser, by address. Empty where pages have no storage.
 * @throws WebDiTError `quota` when the browser refuses to say.
 */
export async function listStoredModels(options: StoredModelsOptions = {}): Promise<readonly StoredModel[]> {
  refuseUnknownKeys(options, ['store'], 'listStoredModels()');
  const store = storeOf(options);
  return store ? ask(() => store.list()) : [];
}

/**
 * Deletes what is stored of a model, also while it is being loaded or stored.
 * @param url as for `fromPretrained`, or `url` of a listed model.
 * @returns whether anything was stored.
 * @throws WebDiTError `bad-argument`, `quota` when the browser refuses.
 */
export async function deleteStoredModel(url: string | URL, options: StoredModelsOptions = {}): Promise<boolean> {
  refuseUnknownKeys(options, ['store'], 'deleteStoredModel()');
  const address = addressOf(url);
  const store = storeOf(options);
  return store ? ask(() => store.delete(address)) : false;
}

/**
 * Downloads whatever loading a model and generating with it need, without a GPU, and checks it; afterwards both work without a
 * network. Asks the browser to keep the site's storage. What is stored already is checked and not downloaded again.
 * @param url as for `fromPretrained`.
 * @throws WebDiTError `quota` when it does not fit or there is no storage, `not-found`, `network`, `integrity`, `format`,
 *   `unsupported-config`, `shape-mismatch`, `bad-argument`; or `signal.reason`.
 */
export async function storeModel(url: string | URL, options: StoreModelOptions = {}): Promise<StoredModel> {
  refuseUnknownKeys(options, ['onProgress', 'signal', 'store', 'accessToken'], 'storeModel()');
  if (options.accessToken !== undefined) checkAccessToken(options.accessToken);
  checkHooks(options, ['onProgress']);
  const address = addressOf(url);
  const store = storeOf(options);
  if (!store) {
    throw new WebDiTError(
      'quota',
      'There is no storage for models here.',
      'Open the page over https, in a browser that has the Cache API.',
    );
  }
  // Some browsers ask the user, and workers may not ask.
  await navigator.storage?.persist?.().catch(() => false);
  const { keepModel } = await import('./keep-model.ts');
  await keepModel(address, store, options);
  const stored = (await ask(() => store.list())).find((model) => model.url === address);
  if (stored) return stored;
  throw new WebDiTError('quota', 'The model was deleted while it was being stored.', 'Store it again.');
}

/** Room on this device, for all that this site stores. */
export async function storageFacts(): Promise<StorageFacts> {
  const { storage }: { storage?: StorageManager } = globalThis.navigator ?? {};
  // Pages without an origin may not ask.
  const estimate: StorageEstimate = (await storage?.estimate().catch(() => undefined)) ?? {};
  const persisted = (await storage?.persisted().catch(() => false)) ?? false;
  return { quota: estimate.quota ?? null, usage: estimate.usage ?? null, persisted };
}

function storeOf({ store }: StoredModelsOptions): ModelStore | null {
  checkStore(store, []);
  return store ? customStore(store) : browserStore();
}

function addressOf(url: string | URL): string {
  if (url instanceof URL || (typeof url === 'string' && url !== '')) return modelAddress(absoluteUrl(String(url)));
  throw badArgument(`The model is ${show(url)}.`, 'Give the URL of a model folder or weights file.');
}

async function ask<T>(question: () => Promise<T>): Promise<T> {
  try {
    return await question();
  } catch (cause) {
    throw storageFailure(cause);
  }
}
