import { expect, it, vi } from 'vitest';
import { type HistoryChange, mostEntries, PictureHistory, type TabChannel } from './history.ts';
import type { Entry, HistoryStore } from './history-store.ts';

const picture = (seed: number): Omit<Entry, 'format' | 'id' | 'date'> => ({
  settings: { label: 'pizza', seed, steps: 3, guidance: 3, cache: 'none', modelUrl: '' },
  report: {} as Entry['report'],
  model: 'emoji-dit',
  png: new Uint8Array([seed]),
});
const seeds = ({ entries }: Pick<PictureHistory, 'entries'>) => entries.map(({ settings }) => settings.seed);

/** A store that tabs share. */
function memoryStore() {
  const records = new Map<string, Entry>();
  const store: HistoryStore = {
    all: async () => [...records.values()],
    get: async (id) => records.get(id),
    put: async (entry) => void records.set(entry.id, entry),
    remove: async (ids) => ids.forEach((id) => void records.delete(id)),
  };
  return { store, records };
}

/** Tabs that hear of one another at once. */
function openTabs(count: number, store: HistoryStore) {
  const channels: TabChannel[] = Array.from({ length: count }, (_, own) => ({
    onmessage: null,
    postMessage: (data: HistoryChange) => {
      channels.forEach((channel, i) => {
        if (i !== own) channel.onmessage?.({ data } as MessageEvent<HistoryChange>);
      });
    },
  }));
  return channels.map((channel) => new PictureHistory(store, channel, () => {}));
}

it('keeps pictures newest first, over a reload', async () => {
  const { store } = memoryStore();
  const [tab] = openTabs(1, store) as [PictureHistory];
  await tab.add(picture(1), 1000);
  await tab.add(picture(2), 2000);
  expect(seeds(tab)).toEqual([2, 1]);
  const [later] = openTabs(1, store) as [PictureHistory];
  await later.load();
  expect(seeds(later)).toEqual([2, 1]);
  expect(later.kept).toBe(true);
});

it('forgets the oldest beyond a hundred, in the store too', async () => {
  const { store, records } = memoryStore();
  const [tab] = openTabs(1, store) as [PictureHistory];
  for (let i = 0; i < mostEntries + 3; i++) await tab.add(picture(i), i);
  expect(tab.entries).toHaveLength(mostEntries);
  expect(seeds(tab).at(-1)).toBe(3);
  expect(records.size).toBe(mostEntries);
});

it('brings back what was removed last, one or all', async () => {
  const { store, records } = memoryStore();
  const [tab] = openTabs(1, store) as [PictureHistory];
  for (const seed of [1, 2, 3]) await tab.add(picture(seed), seed);
  await tab.remove([(tab.entries[1] as Entry).id]);
  expect(seeds(tab)).toEqual([3, 1]);
  expect(records.size).toBe(2);
  await tab.undo();
  expect(seeds(tab)).toEqual([3, 2, 1]);
  expect(tab.removed).toEqual([]);
  await tab.remove(tab.entries.map(({ id }) => id));
  expect([seeds(tab), records.size]).toEqual([[], 0]);
  await tab.undo();
  expect([seeds(tab), records.size]).toEqual([[3, 2, 1], 3]);
});

it('shows what other tabs paint and remove, and loses none of it', async () => {
  const { store, records } = memoryStore();
  const [one, two] = openTabs(2, store) as [PictureHistory, PictureHistory];
  await Promise.all([one.add(picture(1), 1), two.add(picture(2), 2), one.add(picture(3), 3)]);
  await vi.waitFor(() => expect(seeds(two)).toEqual([3, 2, 1]));
  expect(seeds(one)).toEqual([3, 2, 1]);
  expect(records.size).toBe(3);
  await two.remove([(two.entries[0] as Entry).id]);
  expect(seeds(one)).toEqual([2, 1]);
  // Clearing removes what this tab shows; what another tab adds meanwhile stays.
  const cleared = one.entries.map(({ id }) => id);
  await two.add(picture(4), 4);
  await one.remove(cleared);
  expect([...records.values()].map(({ settings }) => settings.seed)).toEqual([4]);
});

it('works from memory where the browser stores nothing, and says so', async () => {
  const refuse = () => Promise.reject(new DOMException('The operation is insecure.', 'SecurityError'));
  const [tab] = openTabs(1, { all: refuse, get: refuse, put: refuse, remove: refuse }) as [PictureHistory];
  await tab.load();
  expect(tab.kept).toBe(false);
  const entry = await tab.add(picture(1), 1);
  await tab.add(picture(2), 2);
  expect(seeds(tab)).toEqual([2, 1]);
  await tab.remove([entry.id]);
  expect(seeds(tab)).toEqual([2]);
  await tab.undo();
  expect(seeds(tab)).toEqual([2, 1]);
});
