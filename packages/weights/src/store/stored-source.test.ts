import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { FakeCaches, FakeLocks } from '../testing/fake-browser.ts';
import { FakeServer } from '../testing/fake-server.ts';
import { errorOf, flipLast } from '../testing/fixtures.ts';
import { cacheBackend } from './backend.ts';
import { ModelStore } from './model-store.ts';
import type { StoredSource } from './storage.ts';
import { storedSource } from './stored-source.ts';

const pieceBytes = 70_000;
/** Two pieces and a bit. */
const big = new Uint8Array(randomBytes(2 * pieceBytes + 12_345));
const config = '{"a": 1}';
const mebibyte = 2 ** 20;

let caches: FakeCaches;
let locks: FakeLocks;
let server: FakeServer;
let estimate: StorageEstimate;
let store: ModelStore;
beforeEach(() => {
  caches = new FakeCaches();
  locks = new FakeLocks();
  server = new FakeServer();
  server.put('weights', big);
  server.put('config.json', config);
  estimate = { quota: 100 * mebibyte, usage: 0 };
  store = new ModelStore(
    cacheBackend('models', () => caches.storage),
    { pieceBytes, locks: locks.locks, storage: { estimate: async () => estimate } },
  );
});

const open = (which: ModelStore | null = store) => storedSource(server.source(), which, { retryDelays: [0, 0] });
const read = async (source: StoredSource, path: string) => (await source.open(path))?.bytes();
const isBig = (bytes: Uint8Array | undefined) => bytes !== undefined && Buffer.compare(bytes, big) === 0;

/** Reads the model as a load does, and says what came of it. */
async function load(source = open()) {
  server.requests.length = 0;
  const text = await (await source.open('config.json'))?.text();
  const right = text === config && isBig(await read(source, 'weights'));
  return { right, ...(await source.finish()), requests: [...server.requests] };
}

const bytes = big.length + config.length;

/** What is stored of a file or model, as the ends of addresses. */
const pieces = () => [...caches.entries.keys()].filter((url) => /\/\d+$/.test(url)).length;

describe('with a manifest', () => {
  beforeEach(() => server.putManifest());

  test('a first load stores every file, a second asks for the manifest alone', async () => {
    expect(await load()).toEqual({
      right: true,
      state: 'stored',
      storedBytes: bytes,
      networkBytes: bytes,
      notes: [],
      requests: ['manifest.json', 'config.json', 'weights'],
    });
    expect(await load()).toMatchObject({ right: true, state: 'stored', requests: ['manifest.json'], networkBytes: 0 });
    expect([pieces(), caches.ending('/record').length]).toEqual([4, 3]);
    expect(locks.held).toEqual([]);
  });

  test.each([
    ['other bytes', flipLast(big), 'its SHA-256 is another'],
    ['too few', big.slice(0, -1), `it has ${big.length - 1} bytes instead of ${big.length}`],
    ['too many', new Uint8Array([...big, 1]), `it has more bytes instead of ${big.length}`],
  ])('a file with %s ends in an error and is not kept', async (_, content, what) => {
    server.put('weights', content);
    const error = await errorOf(read(open(), 'weights'));
    expect([error.code, error.message]).toEqual([
      'integrity',
      `weights is not the file that the model's manifest names: ${what}.`,
    ]);
    expect([...caches.entries.keys()]).toEqual([]);
    expect(locks.held).toEqual([]);
  });

  test('a file whose length alone is another is refused before it is read', async () => {
    server.put('weights', big.slice(0, -1), { 'content-length': String(big.length - 1) });
    expect(await errorOf(open().open('weights'))).toMatchObject({ code: 'integrity', message: /bytes instead of/ });
  });

  test('a connection that breaks leaves no file, and the next load is whole', async () => {
    server.cutAfter = pieceBytes + 100;
    expect(await errorOf(read(open(), 'weights'))).toMatchObject({ code: 'network', message: /broke/ });
    expect([pieces(), caches.ending('/unfinished').length, caches.ending('/record').length]).toEqual([1, 1, 0]);
    server.cutAfter = Number.POSITIVE_INFINITY;
    expect(await load()).toMatchObject({ right: true, state: 'stored' });
    expect(caches.ending('/unfinished')).toEqual([]);
  });

  test('an abort leaves no file, and rejects with its reason', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const file = await open().open('weights', { signal: controller.signal });
    caches.fail = (operation) => operation === 'put' && controller.abort(reason);
    await expect(file?.bytes()).rejects.toBe(reason);
    await vi.waitFor(() => expect(locks.held).toEqual([]));
    expect([pieces(), caches.ending('/record').length]).toEqual([1, 0]);
  });

  test('a file of which only the beginning is read leaves no trace', async () => {
    const reader = (await open().open('weights'))?.stream().getReader({ mode: 'byob' });
    expect((await reader?.read(new Uint8Array(1000)))?.value?.length).toBe(1000);
    await reader?.cancel();
    expect([...caches.entries.keys()]).toEqual([]);
  });

  test('without an answer the stored model is used, and that is said', async () => {
    await load();
    server.online = false;
    const offline = { right: true, state: 'stored', requests: [], notes: [expect.stringMatching(/copy stored on 20/)] };
    expect(await load()).toMatchObject(offline);
    // A server that takes too long is as good as none.
    server.online = true;
    vi.spyOn(AbortSignal, 'timeout').mockReturnValueOnce(AbortSignal.abort(new DOMException('late', 'TimeoutError')));
    expect(await load()).toMatchObject(offline);
  });

  test('without an answer and without a stored model, the error is the network’s', async () => {
    server.online = false;
    expect(await errorOf(load())).toMatchObject({ code: 'network', message: /config\.json could not be reached/ });
  });

  test('a new version takes the place of the old one once it is whole', async () => {
    await load();
    const newer = big.slice().reverse();
    server.put('weights', newer);
    server.putManifest();
    server.cutAfter = pieceBytes + 100;
    await errorOf(load());
    server.online = false;
    expect(await load()).toMatchObject({ right: true, state: 'stored' });

    Object.assign(server, { online: true, cutAfter: Number.POSITIVE_INFINITY });
    expect(await load()).toMatchObject({ right: false, state: 'stored', requests: ['manifest.json', 'weights'] });
    expect([pieces(), caches.ending('/record').length]).toEqual([4, 3]);
    expect(await store.list()).toMatchObject([{ bytes, files: 2, whole: true }]);
  });

  test('what generating needs besides is stored at the end; without it the model is not whole', async () => {
    server.put('schedules/a.json', '{}');
    server.putManifest();
    const source = open();
    await source.open('config.json').then((file) => file?.text());
    expect(await source.finish(['schedules/a.json'])).toMatchObject({
      state: 'stored',
      storedBytes: config.length + 2,
    });
    const failing = open();
    await failing.open('config.json').then((file) => file?.text());
    expect(await failing.finish(['schedules/b.json'])).toMatchObject({
      state: 'network',
      notes: [`${server.url} has no file schedules/b.json.`],
    });
  });

  test('without a store files are compared all the same, and read-only adds nothing', async () => {
    expect(await load(open(null))).toMatchObject({ right: true, state: 'network', storedBytes: 0, notes: [] });
    await load(storedSource(server.source(), store, { readOnly: true }));
    expect(pieces()).toBe(0);
    server.put('weights', big.slice().reverse());
    expect((await errorOf(load(open(null)))).code).toBe('integrity');
  });

  test('a broken manifest is refused', async () => {
    server.put('manifest.json', '{"format": "webdit-manifest/2"}');
    expect(await errorOf(load())).toMatchObject({ code: 'format', message: /has format "webdit-manifest\/2"/ });
  });
});

describe('without a manifest', () => {
  const date = 'Sat, 01 Mar 2025 10:00:00 GMT';
  const dated = { 'last-modified': date, 'content-length': String(big.length) };

  test.each([
    ['the same ETag', { etag: '"1"' }, { etag: '"1"' }, 0],
    ['another ETag', { etag: '"1"' }, { etag: '"2"' }, big.length],
    ['the same date and length', dated, dated, 0],
    ['another date', dated, { ...dated, 'last-modified': 'Sat, 01 Mar 2025 10:00:01 GMT' }, big.length],
    ['a date and no length', { 'last-modified': date }, { 'last-modified': date }, big.length],
    ['nothing to compare', {}, {}, big.length],
  ])('a file with %s', async (_, before, after, fetched) => {
    server.put('config.json', config, { etag: '"c"' });
    server.put('weights', big, before);
    expect(await load()).toMatchObject({ right: true, state: 'stored', storedBytes: bytes, networkBytes: bytes });
    server.put('weights', big, after);
    const asked = ['manifest.json', 'config.json', 'weights'];
    expect(await load()).toMatchObject({ right: true, state: 'stored', networkBytes: fetched, requests: asked });
    // The copy that is no longer used is gone.
    expect([pieces(), caches.ending('/record').length]).toEqual([4, 3]);
  });

  test('without an answer every file is taken from the store, and one that was not there is still not there', async () => {
    const source = open();
    expect(await source.open('model_index.json')).toBeNull();
    await load(source);
    server.online = false;
    const offline = open();
    expect(await offline.open('model_index.json')).toBeNull();
    expect(await load(offline)).toMatchObject({
      right: true,
      state: 'stored',
      storedBytes: bytes,
      notes: [expect.stringMatching(/copy stored on 20/)],
    });
    expect(await errorOf(offline.open('other.json').then((file) => file?.text()))).toMatchObject({ code: 'network' });
  });

  test('a file is trusted once a load with it has succeeded', async () => {
    server.put('weights', big.slice(0, -1), { etag: '"1"' });
    // The answer has no length, so nobody but its reader can tell that it is short.
    expect(await read(open(), 'weights')).toHaveLength(big.length - 1);
    server.put('weights', big, { etag: '"1"' });
    expect(await load()).toMatchObject({ right: true, state: 'stored' });
    expect(await store.list()).toMatchObject([{ bytes, whole: true }]);
  });

  test('an answer shorter than its length is a broken connection', async () => {
    server.put('weights', big.slice(0, -1), { 'content-length': String(big.length) });
    expect(await errorOf(read(open(), 'weights'))).toMatchObject({ code: 'network', message: /broke/ });
    expect(pieces()).toBe(0);
  });

  test('a single weights file has its neighbours and no manifest', async () => {
    const source = storedSource({ ...server.source(), weightsFile: 'weights' }, store);
    expect(await load(source)).toMatchObject({ right: true, requests: ['config.json', 'weights'] });
  });
});

describe('storage that fails', () => {
  beforeEach(() => server.putManifest());

  test('too small a quota: nothing is written, the model loads, and the note says so', async () => {
    estimate = { quota: 6.1 * mebibyte, usage: 5 * mebibyte };
    const puts = vi.fn();
    caches.fail = (operation, url) => operation === 'put' && puts(url);
    expect(await load()).toMatchObject({
      right: true,
      state: 'network',
      storedBytes: config.length,
      notes: ['weights (0.1 MiB) is not kept on this device, because the browser gives this site 0.1 MiB more.'],
    });
    expect(puts.mock.calls.filter(([url]) => url.includes('weights'))).toEqual([]);
    expect(locks.held).toEqual([]);
  });

  test.each(['/1', 'record'])(
    'a disk that is full at %s: what was written is removed, and the model loads',
    async (at) => {
      caches.fail = (operation, url) => {
        if (operation === 'put' && url.includes('weights') && url.endsWith(at))
          throw new DOMException('full', 'QuotaExceededError');
      };
      expect(await load()).toMatchObject({
        right: true,
        state: 'network',
        notes: ['The model is not kept on this device, because the browser’s storage is full.'],
      });
      expect([...caches.entries.keys()].filter((url) => url.includes('weights'))).toEqual([]);
      expect(locks.held).toEqual([]);
    },
  );

  test.each(['open', 'match', 'put', 'keys'] as const)(
    'storage that refuses to %s: the model loads',
    async (refused) => {
      caches.fail = (operation) => {
        if (operation === refused) throw new DOMException('no', 'SecurityError');
      };
      expect(await load()).toMatchObject({
        right: true,
        state: 'network',
        notes: ['The model is not kept on this device, because the browser’s storage cannot be used (SecurityError).'],
      });
    },
  );

  test('storing stops at once, rather than downloading for nothing', async () => {
    estimate = { quota: mebibyte, usage: 0 };
    const source = open();
    expect(await errorOf(source.checkRoom())).toMatchObject({
      code: 'quota',
      message: /^https:\/\/models\.test\/tiny\/ \(0\.1 MiB\) is not kept/,
    });
    const onProgress = vi.fn();
    expect((await errorOf(source.keep('weights', { onProgress }))).code).toBe('quota');
    expect(onProgress.mock.calls.every(([loaded]) => loaded < big.length)).toBe(true);
    estimate = {};
    await source.checkRoom();
  });
});

describe('two tabs', () => {
  beforeEach(() => server.putManifest());
  const putsOf = (end: string) => {
    const puts: string[] = [];
    caches.fail = (operation, url) => operation === 'put' && url.endsWith(end) && puts.push(url);
    return puts;
  };

  test('that load the same model write it once', async () => {
    const puts = putsOf('/0');
    const both = await Promise.all([load(), load()]);
    expect(both.map(({ right }) => right)).toEqual([true, true]);
    // One piece of the config, one first piece of the weights.
    expect(new Set(puts).size).toBe(puts.length);
    expect(both.map(({ state }) => state)).toContain('stored');
    expect(await load()).toMatchObject({ state: 'stored', requests: ['manifest.json'] });
    expect(locks.held).toEqual([]);
  });

  test('one that is to keep a file waits for the other, and goes on when that one is gone', async () => {
    const theirs = (await open().open('weights'))?.stream().getReader({ mode: 'byob' });
    for (let count = 0; count < pieceBytes; count += 1000) await theirs?.read(new Uint8Array(1000));
    expect(locks.held).toHaveLength(1);
    const kept = vi.fn();
    const patient = () => storedSource(server.source(), store, { wait: true });
    const source = patient();
    const keeping = source.keep('weights').then(kept);
    const given = new AbortController();
    const givenUp = patient().keep('weights', { signal: given.signal });
    const busy = load();
    expect(await busy).toMatchObject({
      right: true,
      state: 'network',
      notes: ['weights is being stored by another tab, so this one does not store it.'],
    });
    given.abort('enough');
    await expect(givenUp).rejects.toBe('enough');
    expect(kept).not.toHaveBeenCalled();
    await theirs?.cancel();
    await keeping;
    expect(await source.finish()).toMatchObject({ state: 'stored', storedBytes: big.length });
    expect(locks.held).toEqual([]);
  });

  test('a model deleted while a tab stores it is not stored', async () => {
    let deleted: Promise<boolean> | undefined;
    caches.fail = (operation, url) => {
      if (operation === 'put' && url.endsWith('/1')) deleted ??= store.delete(server.url);
    };
    expect(await load()).toMatchObject({
      right: true,
      state: 'network',
      notes: ['weights is not kept on this device, because the model was deleted while it was being stored.'],
    });
    expect(await deleted).toBe(true);
    expect(await store.list()).toEqual([]);
    expect(pieces()).toBe(0);
  });
});

describe('a damaged piece', () => {
  beforeEach(async () => {
    server.putManifest();
    await load();
  });
  const damage = (index: number) => {
    const [url] = [...caches.entries.keys()].filter((key) => key.includes('weights') && key.endsWith(`/${index}`));
    caches.entries.set(url as string, flipLast(caches.entries.get(url as string)));
  };

  test.each([[[0]], [[1, 2]]])('%j is fetched again and put back', async (damaged) => {
    for (const index of damaged) damage(index);
    expect(await load()).toMatchObject({
      right: true,
      state: 'stored',
      requests: ['manifest.json', 'weights'],
      notes: ['A damaged part of the stored copy of weights was fetched again.'],
    });
    expect(await load()).toMatchObject({ right: true, requests: ['manifest.json'], notes: [] });
  });

  test('that is gone, too', async () => {
    for (const url of caches.ending('/1')) caches.entries.delete(url);
    expect(await load()).toMatchObject({ right: true, networkBytes: pieceBytes });
  });

  test('is an error without a network', async () => {
    damage(1);
    server.online = false;
    expect(await errorOf(load())).toMatchObject({ code: 'integrity', remedy: /^Connect to the network/ });
  });

  test('of a file that the server no longer has as it was is an error, and the file is dropped', async () => {
    damage(0);
    server.put('weights', big.slice().reverse());
    expect((await errorOf(load())).code).toBe('integrity');
    expect(caches.ending('/record')).toHaveLength(2);
  });
});
