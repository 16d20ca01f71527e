import type { Locks } from '../store/locks.ts';

/** A CacheStorage in memory, as far as the store uses one. */
export class FakeCaches {
  readonly entries = new Map<string, Uint8Array<ArrayBuffer>>();
  /** Called before every operation with its name and the entry's address; throws to make it fail. */
  fail: (operation: 'open' | 'keys' | 'match' | 'put' | 'delete', url: string) => void = () => {};

  readonly storage = { open: async () => this.#cache() } as unknown as CacheStorage;

  /** The entries whose address ends so. */
  ending(end: string): string[] {
    return [...this.entries.keys()].filter((url) => url.endsWith(end));
  }

  #cache() {
    this.fail('open', '');
    return {
      keys: async () => {
        this.fail('keys', '');
        return [...this.entries.keys()].map((url) => ({ url }));
      },
      match: async (url: string) => {
        this.fail('match', url);
        const bytes = this.entries.get(url);
        return bytes && new Response(bytes);
      },
      put: async (url: string, response: Response) => {
        const bytes = new Uint8Array(await response.arrayBuffer());
        this.fail('put', url);
        this.entries.set(new URL(url).href, bytes);
      },
      delete: async (url: string) => {
        this.fail('delete', url);
        return this.entries.delete(url);
      },
    };
  }
}

interface Request {
  readonly run: () => void;
  readonly fail: (error: unknown) => void;
}

/** A LockManager of exclusive locks, for many tabs in one process. */
export class FakeLocks {
  readonly #held = new Map<string, Request>();
  readonly #waiting: { name: string; request: Request }[] = [];

  readonly locks = {
    request: (name: string, options: LockOptions, callback: (lock: Lock | null) => unknown) =>
      this.#request(name, options, callback),
    query: async () => ({ held: [...this.#held.keys()].map((name) => ({ name })) }),
  } as unknown as Locks;

  /** Names of locks that are held now. */
  get held(): string[] {
    return [...this.#held.keys()];
  }

  #request(name: string, { ifAvailable, steal, signal }: LockOptions, callback: (lock: Lock | null) => unknown) {
    return new Promise((resolve, reject) => {
      const request: Request = {
        fail: reject,
        run: () => {
          this.#held.set(name, request);
          Promise.resolve(callback({ name, mode: 'exclusive' }))
            .then(resolve, reject)
            .finally(() => this.#release(name, request));
        },
      };
      const holder = this.#held.get(name);
      if (steal) holder?.fail(new DOMException('The lock was stolen.', 'AbortError'));
      if (!holder || steal) request.run();
      else if (ifAvailable) Promise.resolve(callback(null)).then(resolve, reject);
      else {
        const waiting = { name, request };
        this.#waiting.push(waiting);
        signal?.addEventListener('abort', () => {
          this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
          reject(signal.reason);
        });
      }
    });
  }

  #release(name: string, request: Request): void {
    if (this.#held.get(name) !== request) return;
    this.#held.delete(name);
    const next = this.#waiting.findIndex((waiting) => waiting.name === name);
    if (next >= 0) this.#waiting.splice(next, 1)[0]?.request.run();
  }
}
