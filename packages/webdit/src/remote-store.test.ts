import { cacheBackend } from '@webdit/weights';
import { FakeCaches } from '@webdit/weights/testing';
import { expose, type Remote, wrap } from 'comlink';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { remoteStore, type StoreHost, shareStore } from './remote-store.ts';

let caches: FakeCaches;
let channel: MessageChannel;
beforeEach(() => {
  caches = new FakeCaches();
  channel = new MessageChannel();
});
afterEach(() => channel.port1.close());

/** A backend as a worker has it. */
function across() {
  expose({ store: shareStore(cacheBackend('own', () => caches.storage)) }, channel.port2);
  const page = wrap<{ store: StoreHost }>(channel.port1);
  return remoteStore(page.store as unknown as Remote<StoreHost>);
}

const text = async (stream: ReadableStream<Uint8Array> | null) => stream && (await new Response(stream).text());

test('a store of the page serves its worker', async () => {
  const store = across();
  const value = new TextEncoder().encode('bytes');
  const putting = store.put('a/0', value);
  // The caller may use its memory again at once.
  value.fill(0);
  await putting;
  await store.put('a/record', 'text');
  expect(await store.keys()).toEqual(['a/0', 'a/record']);
  expect([await text(await store.get('a/0')), await text(await store.get('a/record'))]).toEqual(['bytes', 'text']);
  await store.delete('a/0');
  expect(await store.get('a/0')).toBeNull();
});

test('a failure crosses by its name', async () => {
  const store = across();
  caches.fail = (operation) => {
    if (operation === 'put') throw new DOMException('full', 'QuotaExceededError');
  };
  await expect(store.put('a', 'b')).rejects.toMatchObject({ name: 'QuotaExceededError', message: 'full' });
});
