import { createHash, randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ModelSource } from '../source.ts';
import { httpSource } from '../sources/http.ts';
import { FakeCaches, FakeLocks } from '../testing/fake-browser.ts';
import { errorOf, flipLast } from '../testing/fixtures.ts';
import { type LocalFile, type LocalServer, startLocalServer } from '../testing/local-server.ts';
import { cacheBackend } from './backend.ts';
import { ModelStore } from './model-store.ts';
import type { StoredSource, StoredSourceOptions } from './storage.ts';
import { storedSource } from './stored-source.ts';

const pieceBytes = 100_000;
/** Ten pieces and a bit. */
const big = new Uint8Array(randomBytes(10 * pieceBytes + 12_345));
const other = big.slice().reverse();
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
/**
 * One in every tenth of the file, late in a piece: what had arrived and was not read yet when a connection ended, 64 KiB at most, is
 * lost.
 */
const tenCuts = Array.from({ length: 10 }, (_, i) => i * pieceBytes + 90_000);

let server: LocalServer;
let caches: FakeCaches;
let locks: FakeLocks;
let store: ModelStore;
beforeEach(async () => {
  server = await startLocalServer();
  caches = new FakeCaches();
  locks = new FakeLocks();
  store = new ModelStore(
    cacheBackend('models', () => caches.storage),
    { pieceBytes, locks: locks.locks },
  );
});
afterEach(async () => {
  await server.stop();
  // Whatever happened, nothing in the store passes for more than it is, and no lock is left.
  await vi.waitFor(() => expect(locks.held).toEqual([]));
  if (stored().whole) {
    const content = Buffer.concat(pieceKeys().map((key) => caches.entries.get(key) ?? new Uint8Array()));
    expect([big, other].some((file) => Buffer.compare(content, file) === 0)).toBe(true);
  }
  for (const { url, bytes } of await store.list()) {
    for (const [path, version] of Object.entries((await store.model(url))?.files ?? {})) {
      expect(version === null || (await store.file({ model: url, path, version }))).toBeTruthy();
    }
    expect(bytes).toBe(storedBytes());
  }
});

function serve(file: Partial<LocalFile> & { readonly manifest?: Uint8Array } = {}): void {
  const { manifest, ...rest } = { bytes: big, ...file };
  server.files.set('weights', rest);
  if (!manifest) return;
  const files = [{ path: 'weights', bytes: manifest.length, sha256: sha256(manifest) }];
  const text = JSON.stringify({ format: 'webdit-manifest/1', files });
  server.files.set('manifest.json', { bytes: new TextEncoder().encode(text) });
}

const open = (options: StoredSourceOptions = {}, network: ModelSource = httpSource(server.url)) =>
  storedSource(network, store, { retryDelays: [0, 0], ...options });

/** Loads the model; the error if that is what comes of it. */
async function load(source: StoredSource = open()) {
  server.log.length = 0;
  const bytes = await (await source.open('weights'))?.bytes();
  return { right: bytes !== undefined && Buffer.compare(bytes, big) === 0, ...(await source.finish()) };
}
const failingLoad = (options: StoredSourceOptions = {}) => errorOf(load(open({ retryDelays: [], ...options })));

const sent = () => server.log.filter(({ path }) => path === 'weights');
/** What is stored of the weights: whole or not, and how many pieces. */
const stored = () => ({
  whole: caches.ending('/record').some((url) => url.includes('weights')),
  unfinished: caches.ending('/unfinished').length === 1,
  pieces: pieceKeys().length,
});
/** In their order. */
const pieceKeys = () => {
  const numberOf = (key: string) => Number(/\d+$/.exec(key)?.[0]);
  const found = [...caches.entries.keys()].filter((url) => /weights.*\/\d+$/.test(url));
  return found.sort((a, b) => numberOf(a) - numberOf(b));
};
const storedBytes = () => pieceKeys().reduce((sum, key) => sum + (caches.entries.get(key)?.length ?? 0), 0);
const nothing = { whole: false, unfinished: false, pieces: 0 };
const everything = { whole: true, unfinished: false, pieces: 11 };

const pins = [
  ['an ETag', { etag: '"1"' }],
  ['a manifest', { manifest: big }],
] as const;

describe.each(pins)('with %s', (_, pin) => {
  test('a download cut ten times goes on where it was cut', async () => {
    serve(pin);
    server.cuts = [...tenCuts];
    expect(await load()).toMatchObject({ right: true, state: 'stored', networkBytes: big.length, notes: [] });
    expect(sent().map(({ end }) => end)).toEqual([...tenCuts, big.length]);
    for (const [i, cut] of tenCuts.entries()) expect(cut - (sent()[i + 1]?.begin ?? 0)).toBeLessThan(pieceBytes);
    expect(stored()).toEqual(everything);
  });

  test('ten loads that were cut each leave their pieces to the next, and at most a piece is sent twice', async () => {
    serve(pin);
    const begun: number[] = [];
    for (const cut of tenCuts) {
      server.cuts = [cut];
      expect(await failingLoad()).toMatchObject({ code: 'network', message: /^The connection broke while/ });
      begun.push(...sent().map(({ begin }) => begin));
      const pieces = Math.floor(cut / pieceBytes);
      expect(stored()).toEqual({ whole: false, unfinished: pieces > 0, pieces });
      const listed = pieces > 0 ? [{ url: server.url, bytes: pieces * pieceBytes, files: 0, whole: false }] : [];
      expect(await store.list()).toMatchObject(listed);
    }
    expect(begun).toEqual([0, ...tenCuts.slice(0, -1).map((cut) => cut - 90_000)]);
    expect(await load()).toMatchObject({ right: true, state: 'stored', networkBytes: big.length - 9 * pieceBytes });
    expect(sent()).toMatchObject([{ status: 206, begin: 9 * pieceBytes }]);
    expect(stored()).toEqual(everything);

    // A second load takes nothing of it, and without a server there is no need to.
    expect(await load()).toMatchObject({ right: true, state: 'stored', networkBytes: 0 });
    await server.stop();
    expect(await load()).toMatchObject({ right: true, state: 'stored', networkBytes: 0 });
    await server.start();
  });

  test('a server without ranges starts over, and what was read already is read over', async () => {
    serve(pin);
    server.ranges = false;
    server.cuts = [290_000, 690_000];
    const { right, state, networkBytes } = await load();
    expect([right, state]).toEqual([true, 'stored']);
    expect(networkBytes).toBeGreaterThan(big.length + 980_000 - 2 * pieceBytes);
    expect(sent().map(({ status, begin, end }) => [status, begin, end])).toEqual([
      [200, 0, 290_000],
      [200, 0, 690_000],
      [200, 0, big.length],
    ]);
    expect(stored()).toEqual(everything);
  });

  test('a later load starts over where the server sends files whole', async () => {
    serve(pin);
    server.cuts = [290_000];
    await failingLoad();
    expect(stored()).toEqual({ whole: false, unfinished: true, pieces: 2 });
    server.ranges = false;
    expect(await load()).toMatchObject({ right: true, networkBytes: big.length });
    expect(stored()).toEqual(everything);
  });

  test('a stored piece that is damaged or gone is fetched again, with what follows it', async () => {
    serve(pin);
    server.cuts = [490_000];
    await failingLoad();
    const [, , third] = pieceKeys();
    caches.entries.set(third as string, flipLast(caches.entries.get(third as string)));
    expect(await load()).toMatchObject({ right: true, state: 'stored' });
    expect(sent().at(-1)).toMatchObject({ status: 206, begin: 2 * pieceBytes });
    expect(stored()).toEqual(everything);
  });

  test('a load that is aborted leaves its pieces, and ends at once while it waits for another try', async () => {
    serve(pin);
    server.cuts = [690_000];
    const controller = new AbortController();
    const reason = new Error('enough');
    const { signal } = controller;
    const file = await open({ retryDelays: [60_000] }).open('weights', { signal });
    const reading = file?.bytes();
    await vi.waitFor(() => expect(pieceKeys()).toHaveLength(5));
    controller.abort(reason);
    await expect(reading).rejects.toBe(reason);
    await vi.waitFor(() => expect(locks.held).toEqual([]));
    expect(stored()).toEqual({ whole: false, unfinished: true, pieces: 5 });
    expect(await load()).toMatchObject({ right: true, networkBytes: big.length - 5 * pieceBytes });
  });

  test('a full disk in the middle of it: what was written is removed, and the model loads', async () => {
    serve(pin);
    caches.fail = (operation, url) => {
      if (operation === 'put' && url.endsWith('/5')) throw new DOMException('full', 'QuotaExceededError');
    };
    expect(await load()).toMatchObject({ right: true, state: 'network', notes: [/storage is full/] });
    expect(stored()).toEqual(nothing);
  });

  test('reading only its beginning takes nothing from the network and leaves what there is', async () => {
    serve(pin);
    server.cuts = [290_000];
    await failingLoad();
    const before = stored();
    const reader = (await open().open('weights'))?.stream().getReader({ mode: 'byob' });
    const { value } = (await reader?.read(new Uint8Array(1000))) ?? {};
    expect(value && Buffer.compare(value, big.subarray(0, 1000))).toBe(0);
    await reader?.cancel();
    expect(stored()).toEqual(before);
  });
});

describe('another version', () => {
  test('between cut and resume is refused, and nothing of either is left', async () => {
    serve({ etag: '"1"' });
    server.cuts = [490_000];
    const source = open();
    const file = await source.open('weights');
    serve({ etag: '"2"', bytes: other });
    expect(await errorOf(file?.bytes() ?? Promise.resolve())).toMatchObject({
      code: 'network',
      message: 'weights changed on the server while it was being loaded.',
      remedy: 'Load the model again.',
    });
    expect(sent().map(({ status, begin }) => [status, begin])).toEqual([
      [200, 0],
      [206, 490_000],
    ]);
    expect(stored()).toEqual(nothing);
  });

  test('between two loads is loaded from its first byte', async () => {
    serve({ etag: '"0"', bytes: other });
    server.cuts = [490_000];
    await failingLoad();
    serve({ etag: '"1"' });
    expect(await load()).toMatchObject({ right: true, state: 'stored' });
    expect(sent().map(({ status, begin }) => [status, begin])).toEqual([
      [206, 400_000],
      [200, 0],
    ]);
    expect(stored()).toEqual(everything);
  });

  test('that is shorter than what is stored, too', async () => {
    serve({ etag: '"0"', bytes: new Uint8Array([...other, ...other]) });
    server.cuts = [1_900_000];
    await failingLoad();
    serve({ etag: '"1"' });
    expect(await load()).toMatchObject({ right: true, state: 'stored' });
    expect(sent().map(({ status }) => status)).toEqual([416, 200]);
    expect(stored()).toEqual(everything);
  });

  test('under another ETag is no other version where the manifest says so', async () => {
    serve({ etag: '"1"', manifest: big });
    server.cuts = [490_000];
    await failingLoad();
    serve({ etag: '"2"' });
    expect(await load()).toMatchObject({ right: true, networkBytes: big.length - 4 * pieceBytes });
  });

  test('with the same size is found out by its SHA-256, and nothing of either is left', async () => {
    serve({ manifest: big });
    server.cuts = [490_000];
    await failingLoad();
    serve({ bytes: other });
    expect(await failingLoad()).toMatchObject({ code: 'integrity', message: /its SHA-256 is another/ });
    expect(sent()).toMatchObject([{ status: 206, begin: 400_000 }]);
    expect(stored()).toEqual(nothing);
    serve();
    expect(await load()).toMatchObject({ right: true, state: 'stored', networkBytes: big.length });
  });
});

describe('nothing to tell versions apart by', () => {
  const date = 'Sat, 01 Mar 2025 10:00:00 GMT';

  test.each([
    ['no ETag', {}],
    ['a date alone', { headers: { 'last-modified': date } }],
    ['a weak ETag', { etag: 'W/"1"' }],
  ])('%s: a download that is cut fails, leaves nothing, and starts over', async (_, file) => {
    serve(file);
    server.cuts = [490_000];
    expect(await errorOf(load())).toMatchObject({ code: 'network', message: /^The connection broke while/ });
    expect(sent()).toHaveLength(1);
    expect(stored()).toEqual(nothing);
    expect(await load()).toMatchObject({ right: true, state: 'stored', networkBytes: big.length });
    expect(sent()).toMatchObject([{ status: 200, range: undefined }]);
  });
});

test('a source that names a file’s SHA-256 is held to it, and its downloads go on', async () => {
  const http = httpSource(server.url);
  const hub: ModelSource = {
    ...http,
    open: async (path, options) => {
      const file = await http.open(path, options);
      return file && (path === 'weights' ? { ...file, sha256: sha256(big) } : file);
    },
  };
  serve();
  server.cuts = [490_000];
  await errorOf(load(open({ retryDelays: [] }, hub)));
  expect(stored()).toEqual({ whole: false, unfinished: true, pieces: 4 });
  serve({ bytes: other });
  expect(await errorOf(load(open({}, hub)))).toMatchObject({
    code: 'integrity',
    message: 'weights is not the file that its server announced: its SHA-256 is another.',
  });
  expect(stored()).toEqual(nothing);
  serve();
  expect(await load(open({}, hub))).toMatchObject({ right: true, state: 'stored', networkBytes: big.length });
  expect(await load(open({}, hub))).toMatchObject({ right: true, state: 'stored', networkBytes: 0 });
});

test('a file that is gone when its download is to go on is not found', async () => {
  serve({ manifest: big });
  server.cuts = [490_000];
  await failingLoad();
  server.files.delete('weights');
  expect(await failingLoad()).toMatchObject({ code: 'not-found', message: /has no file weights/ });
  expect(stored()).toEqual({ whole: false, unfinished: true, pieces: 4 });
});

test('a server that gives no more bytes is asked as often as was said, and no more', async () => {
  serve({ etag: '"1"' });
  server.cuts = [490_000, 490_001, 490_001, 490_001];
  server.intercept = (path, response) => path === 'weights' && server.log.length > 2 && !!response.writeHead(503).end();
  expect(await errorOf(load())).toMatchObject({ code: 'network', message: /with status 503/ });
  // One byte more was progress.
  expect(sent().map(({ status }) => status)).toEqual([200, 206, 503, 503]);
});

describe('what is unfinished', () => {
  beforeEach(async () => {
    serve({ manifest: big });
    server.cuts = [490_000];
    await failingLoad();
  });

  test('is kept for a week', async () => {
    await store.sweep();
    expect(stored().pieces).toBe(4);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 8 * 24 * 3600 * 1000 });
    await store.sweep();
    vi.useRealTimers();
    expect(stored()).toEqual(nothing);
  });

  test('is no longer kept once the model is whole with another version', async () => {
    serve({ bytes: other, manifest: other });
    expect(await load()).toMatchObject({ right: false, state: 'stored' });
    expect(stored()).toEqual(everything);
  });

  test('is deleted with its model', async () => {
    expect(await store.delete(server.url)).toBe(true);
    expect([...caches.entries.keys()]).toEqual([]);
  });

  test('in pieces of another size is not used', async () => {
    store = new ModelStore(store.backend, { pieceBytes: pieceBytes + 1, locks: locks.locks });
    expect(await load()).toMatchObject({ right: true, networkBytes: big.length });
  });

  test('is left to the tab that goes on with it', async () => {
    const theirs = (await open().open('weights'))?.stream().getReader({ mode: 'byob' });
    await theirs?.read(new Uint8Array(1000));
    expect(await load()).toMatchObject({
      right: true,
      state: 'network',
      notes: ['weights is being stored by another tab, so this one does not store it.'],
    });
    await theirs?.cancel();
    expect(await load()).toMatchObject({ right: true, state: 'stored' });
    expect(stored()).toEqual(everything);
  });
});
