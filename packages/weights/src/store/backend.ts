/**
 * What a `ModelStore` is built on: whole values under keys. Keys are made of the characters of a URL's path. Every method
 * may fail, in a private window or on a full disk say; the store then does without.
 */
export interface StoreBackend {
  /** Every key there is. */
  keys(): Promise<readonly string[]>;
  /** The value, as a byte stream where possible, or null. */
  get(key: string): Promise<ReadableStream<Uint8Array> | null>;
  /** Puts a value in the place of any other, wholly or not at all. The bytes may be changed once the call has returned. */
  put(key: string, value: Uint8Array<ArrayBuffer> | string): Promise<void>;
  /** Removes a value; nothing happens when there is none. */
  delete(key: string): Promise<void>;
}

/** Keys of the Cache API are addresses; nothing is ever asked of this one. */
const base = 'https://store.webdit.invalid/';

/** One cache of the Cache API. The property is read when it is first needed: reading alone throws in a sandboxed frame. */
export function cacheBackend(name = 'webdit-models', storage = () => globalThis.caches): StoreBackend {
  let opened: Promise<Cache> | null = null;
  const cache = async () => {
    opened ??= storage().open(name);
    return opened;
  };
  return {
    async keys() {
      return (await (await cache()).keys()).map(({ url }) => url.slice(base.length));
    },
    async get(key) {
      return (await (await cache()).match(base + key))?.body ?? null;
    },
    put(key, value) {
      // Copies the bytes, before anything is awaited.
      const response = new Response(value);
      return cache().then((opened) => opened.put(base + key, response));
    },
    async delete(key) {
      await (await cache()).delete(base + key);
    },
  };
}
