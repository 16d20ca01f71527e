import { beforeEach, describe, expect, test, vi } from 'vitest';
import { FakeCaches, FakeLocks } from '../testing/fake-browser.ts';
import { cacheBackend } from './backend.ts';
import { FileWriter } from './file-writer.ts';
import { browserStore, ModelStore } from './model-store.ts';
import { keys, parseKey } from './records.ts';

const model = 'https://models.test/tiny/';
const other = 'https://models.test/tiny/other/';

let caches: FakeCaches;
let locks: FakeLocks;
let store: ModelStore;
beforeEach(() => {
  vi.unstubAllGlobals();
  caches = new FakeCaches();
  locks = new FakeLocks();
  store = new ModelStore(
    cacheBackend('models', () => caches.storage),
    { locks: locks.locks },
  );
});

async function write(path: string, content: string, { of = model, version = 'etag-"1"' } = {}) {
  const writer = new FileWriter(store, { model: of, path, version }, { size: content.length, wait: false });
  await writer.append(new TextEncoder().encode(content));
  await writer.finish();
  return writer;
}

/** Names a model whole that has these files. */
const finish = (files: Record<string, string | null>) => store.finishModel({ model, manifest: null, files });

describe('the list', () => {
  test('says size, date and what is whole', async () => {
    await write('a.json', 'aaaa');
    await write('dir/b c.bin', 'bb');
    expect(await store.list()).toEqual([{ url: model, bytes: 6, files: 2, date: expect.any(Date), whole: false }]);
    await finish({ 'a.json': 'etag-"1"', 'dir/b c.bin': 'etag-"1"', 'gone.json': null });
    await write('a.json', 'other', { of: other });
    const [whole, part] = await store.list();
    expect(whole).toMatchObject({ url: model, bytes: 6, whole: true });
    expect(Date.now() - Number(whole?.date)).toBeLessThan(10_000);
    expect(part).toMatchObject({ url: other, bytes: 5, files: 1, whole: false });
  });

  test('names a model of which a file is missing as not whole', async () => {
    await write('a.json', 'aaaa');
    await finish({ 'a.json': 'etag-"1"', 'b.json': 'etag-"1"' });
    expect(await store.list()).toMatchObject([{ whole: false }]);
  });

  test('bears a model that is deleted meanwhile', async () => {
    await write('a.json', 'aaaa');
    await write('a.json', 'other', { of: other });
    let deleting: Promise<boolean> | undefined;
    caches.fail = (operation) => {
      if (operation === 'match') deleting ??= store.delete(other);
    };
    expect((await store.list()).map(({ url }) => url)).toContain(model);
    expect(await deleting).toBe(true);
    expect((await store.list()).map(({ url }) => url)).toEqual([model]);
  });

  test('leaves out records of another format', async () => {
    await write('a.json', 'aaaa');
    const [record] = caches.ending('record');
    caches.entries.set(record as string, new TextEncoder().encode('{"format":"webdit-store/2"}'));
    expect(await store.list()).toEqual([]);
  });
});

describe('leftovers', () => {
  const piece = { model, path: 'a.bin', version: 'sha256-1' };
  const leave = () => store.backend.put(keys.piece(piece, 0), 'half');

  test('are swept away by the list', async () => {
    await leave();
    await write('a.json', 'aaaa');
    expect(await store.list()).toMatchObject([{ bytes: 4 }]);
    expect(caches.ending('/0')).toHaveLength(1);
  });

  test('of a file that is being written are left alone', async () => {
    const lease = await store.lock(piece, { wait: false });
    await leave();
    await store.sweep();
    expect(caches.ending('/0')).toHaveLength(1);
    lease?.release();
    await vi.waitFor(() => expect(locks.held).toEqual([]));
    await store.sweep();
    expect(caches.ending('/0')).toEqual([]);
  });

  test('that call a whole file unfinished are removed, and the file stays', async () => {
    await write('a.json', 'aaaa');
    const file = { model, path: 'a.json', version: 'etag-"1"' };
    await store.backend.put(keys.unfinished(file), JSON.stringify(await store.file(file)));
    expect(await store.list()).toMatchObject([{ bytes: 4, files: 1 }]);
    expect([caches.ending('/unfinished').length, caches.ending('/0').length]).toEqual([0, 1]);
  });

  test('entries that are none of the store’s are left alone', async () => {
    await store.backend.put('something/else', 'x');
    await store.sweep();
    expect(caches.entries.size).toBe(1);
    expect([parseKey('a/b/c/0'), parseKey('a/0'), parseKey('record')]).toEqual([null, null, null]);
  });
});

test('deleting removes one model and leaves the others', async () => {
  await write('a.json', 'aaaa');
  await finish({ 'a.json': 'etag-"1"' });
  await write('a.json', 'other', { of: other });
  expect(await store.delete(model)).toBe(true);
  expect(await store.list()).toMatchObject([{ url: other, bytes: 5 }]);
  expect(await store.delete(model)).toBe(false);
});

test('a file known by its content is written once: a second writer finds it', async () => {
  const version = 'sha256-61be';
  const first = await write('a.json', 'aaaa', { version });
  const put = vi.fn();
  caches.fail = (operation) => operation === 'put' && put();
  const second = await write('a.json', 'aaaa', { version });
  expect(second.record).toEqual(first.record);
  expect(put).not.toHaveBeenCalled();
  expect(first.record).toMatchObject({
    bytes: 4,
    pieces: [expect.stringMatching(/^61be55a8e2f6b4e172338bddf184d6db/)],
  });
});

test('a writer that is given up while it waits for its turn does not keep it', async () => {
  const id = { model, path: 'a.bin', version: 'sha256-1' };
  const lease = await store.lock(id, { wait: false });
  const small = new ModelStore(store.backend, { pieceBytes: 1, locks: locks.locks });
  const writer = new FileWriter(small, id, { size: 1, wait: true });
  const appending = writer.append(new Uint8Array(1));
  await writer.discard();
  lease?.release();
  await appending;
  await vi.waitFor(() => expect(locks.held).toEqual([]));
  expect([writer.record, caches.entries.size]).toEqual([null, 0]);
});

test('an empty file is stored too', async () => {
  expect((await write('empty', '')).record).toMatchObject({ bytes: 0, pieces: [expect.any(String)] });
  expect(await store.list()).toMatchObject([{ bytes: 0, files: 1 }]);
});

test('without locks, or where none may be taken, files are stored all the same', async () => {
  const request = async () => Promise.reject(new DOMException('no origin', 'SecurityError'));
  for (const refusing of [undefined, { request, query: request }]) {
    store = new ModelStore(
      cacheBackend('models', () => caches.storage),
      { locks: refusing as LockManager | undefined },
    );
    expect((await write('a.json', 'aaaa')).refusal).toBeNull();
    expect(await store.delete(model)).toBe(true);
  }
});

test('room is what the browser says, less a little, or unknown', async () => {
  const roomOf = (estimate: () => Promise<StorageEstimate>) =>
    new ModelStore(store.backend, { storage: { estimate } }).room();
  expect(await roomOf(async () => ({ quota: 10 * 2 ** 20, usage: 2 * 2 ** 20 }))).toBe(7 * 2 ** 20);
  expect(await roomOf(async () => ({ quota: 5, usage: 4 }))).toBe(0);
  expect(await roomOf(async () => ({}))).toBeNull();
  expect(await roomOf(async () => Promise.reject(new Error('no origin')))).toBeNull();
  expect(await store.room()).toBeNull();
});

test('the browser’s store is there where the Cache API is', async () => {
  expect(browserStore()).toBeNull();
  vi.stubGlobal('caches', caches.storage);
  vi.stubGlobal('navigator', { locks: locks.locks });
  expect(await browserStore()?.list()).toEqual([]);
});
