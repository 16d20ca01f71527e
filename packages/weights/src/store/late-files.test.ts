import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { FakeCaches, FakeLocks } from '../testing/fake-browser.ts';
import { FakeServer } from '../testing/fake-server.ts';
import { cacheBackend } from './backend.ts';
import { ModelStore } from './model-store.ts';
import type { StoredSource } from './storage.ts';
import { storedSource } from './stored-source.ts';

const encoder = new Uint8Array(randomBytes(150_000));
const config = '{"a": 1}';

function setUp() {
  const caches = new FakeCaches();
  const server = new FakeServer();
  server.put('config.json', config, { etag: '"config"' });
  server.put('encoder', encoder, { etag: '"encoder"' });
  const store = new ModelStore(
    cacheBackend('models', () => caches.storage),
    { pieceBytes: 70_000, locks: new FakeLocks().locks },
  );
  return { server, caches, open: (readOnly = false) => storedSource(server.source(), store, { readOnly }) };
}

const read = async (source: StoredSource, path: string) => (await source.open(path))?.bytes();
const isEncoder = (bytes: Uint8Array | undefined) => bytes !== undefined && Buffer.compare(bytes, encoder) === 0;

/** What a load does with a file that may be needed after it: it looks whether there is one. */
async function load(source: StoredSource) {
  await (await source.open('encoder'))?.stream().cancel();
  await read(source, 'config.json');
  return source.finish();
}

test.each(['with', 'without'])(
  '%s a manifest, what is fetched after the load is stored, and stays',
  async (manifest) => {
    const { server, open } = setUp();
    if (manifest === 'with') server.putManifest();
    const source = open();
    expect(await load(source)).toMatchObject({ state: 'stored', storedBytes: config.length });
    expect(isEncoder(await read(source, 'encoder'))).toBe(true);
    expect((await source.finish()).storedBytes).toBe(config.length);

    await source.resume();
    expect(isEncoder(await read(source, 'encoder'))).toBe(true);
    const storedBytes = config.length + encoder.length;
    expect(await source.finish()).toMatchObject({ state: 'stored', storedBytes });

    // A load that does not need it keeps it.
    expect(await load(open())).toMatchObject({ storedBytes, networkBytes: 0 });
    const later = open();
    expect(isEncoder(await read(later, 'encoder'))).toBe(true);
    expect((await load(later)).networkBytes).toBe(0);
  },
);

test('a source that adds nothing to the store does not begin to', async () => {
  const { open, caches } = setUp();
  const source = open(true);
  await source.resume();
  expect(isEncoder(await read(source, 'encoder'))).toBe(true);
  expect(caches.entries.size).toBe(0);
});

test('what was kept besides is there after a load that does not ask for it', async () => {
  const { server, open } = setUp();
  server.putManifest();
  const keeping = open();
  await keeping.keep('encoder');
  await read(keeping, 'config.json');
  await keeping.finish();

  const source = open();
  await read(source, 'config.json');
  const storedBytes = config.length + encoder.length;
  expect(await source.finish()).toMatchObject({ state: 'stored', storedBytes, networkBytes: 0 });
  expect(isEncoder(await read(open(), 'encoder'))).toBe(true);
  expect(server.requests.filter((path) => path.includes('encoder'))).toHaveLength(1);

  // Unless the manifest has another.
  server.put('encoder', encoder.slice(1), { etag: '"other"' });
  server.putManifest();
  const other = open();
  await read(other, 'config.json');
  expect((await other.finish()).storedBytes).toBe(config.length);
});
