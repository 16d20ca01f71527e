import { describe, expect, test } from 'vitest';
import { httpSource } from '../sources/http.ts';
import { FakeCaches } from '../testing/fake-browser.ts';
import { FakeDirectory } from '../testing/fake-directory.ts';
import { FakeServer } from '../testing/fake-server.ts';
import { cacheBackend } from './backend.ts';
import { FileWriter } from './file-writer.ts';
import { ModelStore } from './model-store.ts';
import { opfsBackend } from './opfs-backend.ts';
import { storedSource } from './stored-source.ts';

/** Two places to store in, and how to make the next put under a key that ends so fail. */
const backends = {
  'the Cache API': () => {
    const caches = new FakeCaches();
    const failPut = (end: string) => {
      caches.fail = (operation, url) => refuse(operation === 'put' && url.endsWith(end));
    };
    return { backend: cacheBackend('models', () => caches.storage), failPut };
  },
  'a directory': () => {
    const directory = new FakeDirectory();
    const failPut = (end: string) => {
      directory.fail = (name) => refuse(name === end);
    };
    return { backend: opfsBackend(directory.handle), failPut };
  },
};

function refuse(full: boolean): void {
  if (full) throw new DOMException('full', 'QuotaExceededError');
}

describe.each(Object.entries(backends))('%s', (_, make) => {
  const bytes = (text: string) => new TextEncoder().encode(text);

  test('gives back what was put, the last of it, and knows its keys', async () => {
    const { backend } = make();
    const read = async (key: string) => {
      const stream = await backend.get(key);
      return stream && (await new Response(stream).text());
    };
    expect([await backend.keys(), await read('a%2Fb/c%20d/0')]).toEqual([[], null]);
    await backend.put('a%2Fb/record', 'one');
    await backend.put('a%2Fb/c%20d/0', bytes('two'));
    await backend.put('a%2Fb/c%20d/0', bytes('three'));
    expect([await read('a%2Fb/record'), await read('a%2Fb/c%20d/0')]).toEqual(['one', 'three']);
    expect([...(await backend.keys())].sort()).toEqual(['a%2Fb/c%20d/0', 'a%2Fb/record']);
    await backend.delete('a%2Fb/c%20d/0');
    await backend.delete('a%2Fb/c%20d/0');
    await backend.delete('x/y');
    expect(await backend.keys()).toEqual(['a%2Fb/record']);
    expect([await read('a%2Fb/c%20d/0'), await read('a%2Fb/record')]).toEqual([null, 'one']);
    await backend.delete('a%2Fb/record');
    expect(await backend.keys()).toEqual([]);
  });

  test('has copied bytes when put returns', async () => {
    const { backend } = make();
    const value = bytes('before');
    const putting = backend.put('a', value);
    value.fill(0);
    await putting;
    expect(await new Response(await backend.get('a')).text()).toBe('before');
  });

  test('leaves what was there when a put fails', async () => {
    const { backend, failPut } = make();
    await backend.put('a/b', 'old');
    failPut('b');
    await expect(backend.put('a/b', bytes('new'))).rejects.toMatchObject({ name: 'QuotaExceededError' });
    expect(await new Response(await backend.get('a/b')).text()).toBe('old');
  });

  test('holds a model, which then loads without a server, and lets go of it', async () => {
    const { backend } = make();
    const server = new FakeServer();
    const content = new Uint8Array(25_000).map((_, i) => i);
    server.put('weights', content);
    server.putManifest();
    const store = new ModelStore(backend, { pieceBytes: 10_000 });
    const load = async () => {
      const source = storedSource(httpSource(server.url, { fetch: server.fetch }), store);
      const read = await (await source.open('weights'))?.bytes();
      expect(read && Buffer.compare(read, content)).toBe(0);
      return source.finish();
    };
    expect(await load()).toMatchObject({ state: 'stored', storedBytes: 25_000, networkBytes: 25_000 });
    server.online = false;
    expect(await load()).toMatchObject({ state: 'stored', networkBytes: 0 });
    expect(await store.list()).toMatchObject([{ url: server.url, bytes: 25_000, files: 1, whole: true }]);
    expect(await store.delete(server.url)).toBe(true);
    expect(await backend.keys()).toEqual([]);
  });
});

test('a directory that is none is told from one that is missing', async () => {
  const directory = new FakeDirectory();
  const backend = opfsBackend(directory.handle);
  await backend.put('a', 'file');
  await expect(backend.get('a/b')).rejects.toMatchObject({ name: 'TypeMismatchError' });
  await backend.put('d/e', 'file');
  await backend.delete('d/e');
  const names: string[] = [];
  for await (const [name] of directory.entries()) names.push(name);
  expect(names).toEqual(['a']);
});

test('a put fails when its directory is removed meanwhile', async () => {
  const directory = new FakeDirectory();
  const { handle } = directory;
  const backend = opfsBackend({
    ...handle,
    getDirectoryHandle: async (name: string, options: FileSystemGetDirectoryOptions) => {
      await directory.getDirectoryHandle(name, options);
      await directory.removeEntry(name);
      return directory.getDirectoryHandle(name);
    },
  } as unknown as FileSystemDirectoryHandle);
  await expect(backend.put('model/record', 'text')).rejects.toMatchObject({ name: 'NotFoundError' });
  const writer = new FileWriter(
    new ModelStore(backend),
    { model: 'm', path: 'a', version: 'sha256-1' },
    { size: 1, wait: false },
  );
  await writer.append(new Uint8Array(1));
  await writer.finish();
  expect(writer).toMatchObject({ record: null, refusal: { code: 'quota', cause: { name: 'NotFoundError' } } });
});
