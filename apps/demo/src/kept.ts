import { createStore, del, entries, set, type UseStore } from 'idb-keyval';

/** A table that outlives the page where the browser stores anything, and the visit where it does not. */
export class Kept<T> {
  /** Why nothing outlives the page, or null. */
  unsaved: string | null = null;
  private store: UseStore | null = null;
  private readonly values = new Map<string, T>();
  private reading: Promise<void> | null = null;

  /**
   * @param database its name in IndexedDB.
   * @param read makes an entry of what was stored, perhaps by another version of the page; throws on what is none.
   */
  constructor(
    private readonly database: string,
    private readonly read: (stored: unknown) => T,
  ) {}

  /** Every entry, by its key. What cannot be read any more is left out. */
  async all(): Promise<ReadonlyMap<string, T>> {
    this.reading ??= this.load();
    await this.reading;
    return this.values;
  }

  async set(key: string, value: T): Promise<void> {
    await this.all();
    this.values.set(key, value);
    await this.attempt((store) => set(key, value, store));
  }

  async delete(key: string): Promise<void> {
    await this.all();
    this.values.delete(key);
    await this.attempt((store) => del(key, store));
  }

  private async load(): Promise<void> {
    await this.attempt(async (store) => {
      for (const [key, stored] of await entries<string, unknown>(store)) {
        try {
          this.values.set(key, this.read(stored));
        } catch {
          // Of another version of the page.
        }
      }
    });
  }

  private async attempt(work: (store: UseStore) => Promise<void>): Promise<void> {
    try {
      this.store ??= createStore(this.database, 'entries');
      await work(this.store);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      this.unsaved = `Gone after a reload, because this browser stores nothing: ${reason}`;
    }
  }
}
