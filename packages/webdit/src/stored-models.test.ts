import { readFile } from 'node:fs/promises';
import { cacheBackend } from '@webdit/weights';
import { FakeCaches, FakeLocks, FakeServer } from '@webdit/weights/testing';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  deleteStoredModel,
  listStoredModels,
  type StoreModelOptions,
  type StoreModelProgress,
  storageFacts,
  storeModel,
} from './stored-models.ts';

const golden = new URL('../../../goldens/dit-original-tiny/', import.meta.url);
const read = async (path: string) => new Uint8Array(await readFile(new URL(path, golden)));
const weightsBytes = 1_120_600;
const bytes = weightsBytes + 173;

let caches: FakeCaches;
let server: FakeServer;
let estimate: StorageEstimate;
const persist = vi.fn(async () => true);
beforeEach(async () => {
  caches = new FakeCaches();
  server = new FakeServer();
  for (const path of ['model.safetensors', 'config.json']) server.put(path, await read(path));
  server.putManifest();
  estimate = { quota: 50e6, usage: 1e6 };
  persist.mockClear();
  const storage = { estimate: async () => estimate, persist, persisted: async () => persist.mock.calls.length > 0 };
  vi.stubGlobal('navigator', { storage, locks: new FakeLocks().locks });
  vi.stubGlobal('caches', caches.storage);
  vi.stubGlobal('fetch', server.fetch);
});
afterEach(() => vi.unstubAllGlobals());

test('models in a store of the caller’s are stored, listed and deleted there', async () => {
  const own = new FakeCaches();
  const store = cacheBackend('own', () => own.storage);
  const stored = await storeModel(server.url, { store });
  expect(stored).toMatchObject({ url: server.url, bytes, whole: true });
  expect([await listStoredModels({ store }), await listStoredModels()]).toEqual([[stored], []]);
  expect([await deleteStoredModel(server.url), await deleteStoredModel(server.url, { store })]).toEqual([false, true]);
  expect([...own.entries.keys(), ...caches.entries.keys()]).toEqual([]);
  const nowhere = 'elsewhere' as never;
  await expect(listStoredModels({ store: nowhere })).rejects.toMatchObject({ message: 'store is "elsewhere".' });
});

describe('storeModel', () => {
  test('stores what a load and a run need, tells how far it is, and asks for lasting storage', async () => {
    const progress: StoreModelProgress[] = [];
    const stored = await storeModel(server.url.slice(0, -1), { onProgress: (event) => progress.push(event) });
    expect(stored).toEqual({ url: server.url, bytes, files: 2, date: expect.any(Date), whole: true });
    expect(progress.map(({ loaded }) => loaded)).toEqual([524_288, 1_048_576, weightsBytes]);
    expect(progress.at(-1)).toEqual({ loaded: weightsBytes, total: weightsBytes });
    expect(persist).toHaveBeenCalledOnce();
    server.requests.length = 0;
    expect(await storeModel(new URL(server.url))).toEqual(stored);
    // Weights without an index: whether there is one is asked each time, since the manifest lists only what there is.
    expect(server.requests).toEqual(['manifest.json', 'model_index.json']);
  });

  test('refuses a model that does not fit before it fetches any of it', async () => {
    estimate = { quota: 2.2e6, usage: 1e6 };
    await expect(storeModel(server.url)).rejects.toMatchObject({
      code: 'quota',
      message: `${server.url} (1.1 MiB) is not kept on this device, because the browser gives this site 0.1 MiB more.`,
    });
    expect(server.requests).toEqual(['manifest.json']);
  });

  test('an abort rejects with its reason, and what was whole stays', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const options: StoreModelOptions = { signal: controller.signal, onProgress: () => controller.abort(reason) };
    await expect(storeModel(server.url, options)).rejects.toBe(reason);
    await vi.waitFor(() => expect(caches.ending('/0')).toHaveLength(1));
    expect(await listStoredModels()).toMatchObject([{ bytes: 173, files: 1, whole: false }]);
  });

  test('says what it cannot do', async () => {
    const refused = (url: unknown, options: object = {}) => storeModel(url as string, options as StoreModelOptions);
    await expect(refused('')).rejects.toMatchObject({ code: 'bad-argument', message: 'The model is "".' });
    await expect(refused('a/b')).rejects.toMatchObject({ code: 'bad-argument' });
    await expect(refused(server.url, { wait: 1 })).rejects.toMatchObject({ code: 'bad-argument' });
    await expect(refused(server.url, { onProgress: 1 })).rejects.toMatchObject({ message: 'onProgress is 1.' });
    await expect(refused(server.url, { signal: 1 })).rejects.toMatchObject({ message: 'signal is 1.' });
    await expect(refused(`${server.url}none/`)).rejects.toMatchObject({ code: 'not-found' });
    vi.unstubAllGlobals();
    await expect(refused(server.url)).rejects.toMatchObject({ code: 'quota', message: /no storage for models/ });
  });
});

test('models are listed and deleted; without storage there are none', async () => {
  await storeModel(server.url);
  expect(await listStoredModels()).toMatchObject([{ url: server.url, bytes, whole: true }]);
  expect(await deleteStoredModel(server.url.slice(0, -1))).toBe(true);
  expect(await deleteStoredModel(server.url)).toBe(false);
  expect([await listStoredModels(), caches.entries.size]).toEqual([[], 0]);
  vi.unstubAllGlobals();
  expect([await listStoredModels(), await deleteStoredModel(server.url)]).toEqual([[], false]);
});

test('storage that refuses is an error with a remedy', async () => {
  caches.fail = () => {
    throw new DOMException('no', 'SecurityError');
  };
  const refusal = { code: 'quota', remedy: 'Allow this site to store data, and do not use a private window.' };
  await expect(listStoredModels()).rejects.toMatchObject(refusal);
  await expect(deleteStoredModel(server.url)).rejects.toMatchObject(refusal);
  await expect(storeModel(server.url)).rejects.toMatchObject(refusal);
});

test('the facts are the browser’s, or unknown', async () => {
  expect(await storageFacts()).toEqual({ quota: 50e6, usage: 1e6, persisted: false });
  await storeModel(server.url);
  expect(await storageFacts()).toMatchObject({ persisted: true });
  vi.stubGlobal('navigator', {});
  expect(await storageFacts()).toEqual({ quota: null, usage: null, persisted: false });
});
