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
  const store = createStore('webdit', 'tuning');
  return { get: (key) => get(key, store), set: (key, value) => set(key, value, store) };
}
