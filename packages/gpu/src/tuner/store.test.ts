import { expect, test, vi } from 'vitest';
import { memoryStore, recall, remember } from './store.ts';

const failing = {
  get: async () => Promise.reject(new Error('blocked')),
  set: async () => Promise.reject(new Error('full')),
};

test('a store that fails is no error, and what it did not keep is known for as long as the process', async () => {
  const store = memoryStore(failing);
  expect(await recall(store, 'a')).toBeUndefined();
  await remember(store, 'a', 1);
  expect(await recall(store, 'a')).toBe(1);
  expect(await recall(undefined, 'a')).toBeUndefined();
});

test('what another tab stored is found, also in place of what this one did', async () => {
  const behind = { get: vi.fn(async (key: string) => (key === 'a' ? 1 : undefined)), set: vi.fn(async () => {}) };
  const store = memoryStore(behind);
  expect(await store.get('a')).toBe(1);
  await store.set('b', 2);
  expect(behind.set).toHaveBeenCalledWith('b', 2);
  expect(await store.get('b')).toBe(2);
  await store.set('a', 3);
  expect(await store.get('a')).toBe(1);
});

test('a store that says nothing is not waited for', async () => {
  vi.useFakeTimers();
  try {
    const silent = { get: () => new Promise(() => {}), set: () => new Promise<void>(() => {}) };
    const answers = Promise.all([recall(silent, 'a'), remember(silent, 'a', 1)]);
    await vi.advanceTimersByTimeAsync(500);
    expect(await answers).toEqual([undefined, undefined]);
    const store = memoryStore(silent);
    void store.set('a', 1);
    const known = recall(store, 'a');
    await vi.advanceTimersByTimeAsync(500);
    expect(await known).toBe(1);
  } finally {
    vi.useRealTimers();
  }
});
