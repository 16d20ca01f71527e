import type { StoreBackend } from '@webdit/weights';
import { type ProxyMarked, proxy, type Remote, transfer } from 'comlink';
import { type Outcome, settle, unwrap } from './protocol.ts';

/** A page's `StoreBackend` as its worker sees it: bytes for streams, and errors as values. */
export interface StoreHost {
  keys(): Promise<Outcome<readonly string[]>>;
  get(key: string): Promise<Outcome<Uint8Array<ArrayBuffer> | null>>;
  put(key: string, value: Uint8Array<ArrayBuffer> | string): Promise<Outcome<null>>;
  delete(key: string): Promise<Outcome<null>>;
}

/** What to send to a worker, for `remoteStore` there. */
export function shareStore(backend: StoreBackend): StoreHost & ProxyMarked {
  const host: StoreHost = {
    keys: () => settle(() => backend.keys()),
    async get(key) {
      const outcome = await settle(async () => {
        const stream = await backend.get(key);
        return stream && new Uint8Array(await new Response(stream).arrayBuffer());
      });
      return outcome.ok && outcome.value ? transfer(outcome, [outcome.value.buffer]) : outcome;
    },
    put: (key, value) => settle(() => backend.put(key, value).then(done)),
    delete: (key) => settle(() => backend.delete(key).then(done)),
  };
  return proxy(host);
}

/** A backend that asks the page's. */
export function remoteStore(host: Remote<StoreHost>): StoreBackend {
  return {
    keys: async () => unwrap(await host.keys()),
    async get(key) {
      const bytes = unwrap(await host.get(key));
      return bytes && new Response(bytes).body;
    },
    // Posting a message copies the bytes, before anything is awaited.
    put: async (key, value) => void unwrap(await host.put(key, value)),
    delete: async (key) => void unwrap(await host.delete(key)),
  };
}

const done = () => null;
