/** Where tuning records outlive a load: plain data by name. */
export interface TuningStore {
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown): Promise<void>;
}

/** Milliseconds a store may take; a database that another tab blocks must not hold the load up. */
const patience = { any: 500, behind: 400 };

/** What the store says; undefined when it fails or is not heard from. */
export function recall(store: TuningStore | undefined, key: string): Promise<unknown> {
  return settled(async () => store?.get(key), patience.any);
}

/** Hands a value to the store. Failing is no error: private windows and full disks store nothing. */
export async function remember(store: TuningStore | undefined, key: string, value: unknown): Promise<void> {
  await settled(async () => store?.set(key, value), patience.any);
}

/** A store for as long as this process or page lives, for want of one that lives longer, or when that one says nothing. */
export function memoryStore(behind?: TuningStore): TuningStore {
  const values = new Map<string, unknown>();
  return {
    // Others write to the one behind.
    get: async (key) => (await settled(async () => behind?.get(key), patience.behind)) ?? values.get(key),
    set: async (key, value) => {
      values.set(key, value);
      await behind?.set(key, value);
    },
  };
}

function settled(work: () => Promise<unknown>, ms: number): Promise<unknown> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    void work()
      .catch(() => undefined)
      .then((value) => {
        clearTimeout(timer);
        resolve(value);
      });
  });
}
