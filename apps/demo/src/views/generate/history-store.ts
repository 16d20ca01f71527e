import { createStore, delMany, get, set, values } from 'idb-keyval';
import type { RunSummary } from '../../run-summary.ts';
import type { Painting } from '../../session.ts';
import type { Settings } from '../../settings.ts';

/** A picture that was painted. */
export interface Entry {
  readonly format: typeof entryFormat;
  /** Sorts by date. */
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly date: number;
  readonly settings: Settings;
  readonly report: RunSummary;
  readonly model: string;
  readonly over?: Painting['over'];
  /** The picture as `encodePicture` wrote it. */
  readonly png: Uint8Array<ArrayBuffer>;
}

export const entryFormat = 'webdit-picture/1';

/** Keeps entries beyond the tab. Each has a record of its own, so that two tabs do not write over each other's. */
export interface HistoryStore {
  all(): Promise<Entry[]>;
  get(id: string): Promise<Entry | undefined>;
  put(entry: Entry): Promise<void>;
  remove(ids: readonly string[]): Promise<void>;
}

/** The history in IndexedDB. Every method rejects where the browser stores nothing. */
export function indexedDbHistory(): HistoryStore {
  const store = createStore('webdit-history', 'pictures');
  return {
    // Another version of this page may have left something else.
    all: async () => (await values<Entry>(store)).filter(({ format }) => format === entryFormat),
    get: (id) => get<Entry>(id, store),
    put: (entry) => set(entry.id, entry, store),
    remove: (ids) => delMany([...ids], store),
  };
}
