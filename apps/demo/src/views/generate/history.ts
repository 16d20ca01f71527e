import { type Entry, entryFormat, type HistoryStore } from './history-store.ts';

/** Pictures that are kept; beyond them the oldest goes. */
export const mostEntries = 100;

/** What one tab tells the others; they look the rest up. */
export type HistoryChange = { readonly added: string } | { readonly removed: readonly string[] };

/** A way to the other tabs. A BroadcastChannel is one. */
export interface TabChannel {
  postMessage(change: HistoryChange): void;
  onmessage: ((event: MessageEvent<HistoryChange>) => void) | null;
}

/** What was painted, newest first. Works from memory where the browser stores nothing, and says so. */
export class PictureHistory {
  entries: readonly Entry[] = [];
  /** What was removed last and can be brought back, until something else happens. */
  removed: readonly Entry[] = [];
  /** Whether pictures outlive the tab. */
  kept = true;

  constructor(
    private readonly store: HistoryStore,
    private readonly others: TabChannel,
    private readonly onChange: () => void,
  ) {
    others.onmessage = ({ data }) => void this.follow(data);
  }

  async load(): Promise<void> {
    const stored = (await this.tryStore(() => this.store.all())) ?? [];
    // Some may have been painted meanwhile.
    this.merge(stored);
  }

  async add(picture: Omit<Entry, 'format' | 'id' | 'date'>, date = Date.now()): Promise<Entry> {
    const id = `${String(date).padStart(15, '0')}-${crypto.randomUUID()}`;
    const entry = { ...picture, format: entryFormat, id, date } as const;
    this.removed = [];
    await this.put([entry]);
    return entry;
  }

  /** Removes entries; `undo` brings them back. */
  async remove(ids: readonly string[]): Promise<void> {
    this.removed = this.entries.filter(({ id }) => ids.includes(id));
    await this.drop(ids);
  }

  async undo(): Promise<void> {
    const entries = this.removed;
    this.removed = [];
    await this.put(entries);
  }

  private async put(entries: readonly Entry[]): Promise<void> {
    this.merge(entries);
    for (const entry of entries) {
      await this.tryStore(() => this.store.put(entry));
      this.others.postMessage({ added: entry.id });
    }
    const oldest = this.entries.slice(mostEntries).map(({ id }) => id);
    if (oldest.length > 0) await this.drop(oldest);
  }

  private async drop(ids: readonly string[]): Promise<void> {
    this.forget(ids);
    await this.tryStore(() => this.store.remove(ids));
    this.others.postMessage({ removed: ids });
  }

  private async follow(change: HistoryChange): Promise<void> {
    if ('removed' in change) return this.forget(change.removed);
    const entry = await this.tryStore(() => this.store.get(change.added));
    if (entry) this.merge([entry]);
  }

  private merge(entries: readonly Entry[]): void {
    const byId = new Map([...this.entries, ...entries].map((entry) => [entry.id, entry]));
    this.entries = [...byId.values()].sort((a, b) => (a.id < b.id ? 1 : -1));
    this.onChange();
  }

  private forget(ids: readonly string[]): void {
    this.entries = this.entries.filter(({ id }) => !ids.includes(id));
    this.onChange();
  }

  /** Undefined when the browser refuses: private windows, blocked cookies, a full disk. */
  private async tryStore<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch {
      this.kept = false;
      this.onChange();
      return undefined;
    }
  }
}
