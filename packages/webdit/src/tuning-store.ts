import { memoryStore, type TuningStore } from '@webdit/gpu';
import { createStore, get, set } from 'idb-keyval';

let opened: TuningStore | undefined;

/**
 * Where tuned kernel choices are kept: for this page, worker or process, and in IndexedDB where there is one, for all tabs of
 * the origin.
 */
export function tuningStore(): TuningStore {
  opened ??= memoryStore(typeof indexedDB === 'undefined' ? undefined : database());
  return opened;
}

function database(): TuningStore {
  // Such a database holds no second store.
  const store = createStore('webdit-tuning', 'records');
  return { get: (key) => get(key, store), set: (key, value) => set(key, value, store) };
}

/** Runs the work while no other tab of the origin tunes, where tabs can know that. @throws the signal's reason. */
export async function tuningAlone<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  const { locks }: { readonly locks?: LockManager } = globalThis.navigator ?? {};
  if (!locks) return work();
  let started = false;
  const begin = () => {
    started = true;
    return work();
  };
  try {
    return await locks.request('webdit-tuning', signal ? { signal } : {}, begin);
  } catch (error) {
    // Pages without an origin may take no lock.
    if (started || signal?.aborted) throw error;
    return work();
  }
}
