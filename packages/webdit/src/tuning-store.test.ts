import { afterEach, expect, test, vi } from 'vitest';
import { tuningAlone } from './tuning-store.ts';

afterEach(() => vi.unstubAllGlobals());

const lockManager = (request: (name: string, options: object, work: () => Promise<unknown>) => Promise<unknown>) =>
  vi.stubGlobal('navigator', { locks: { request: vi.fn(request) } });

test('work is done under the lock, and its failure is not tried again', async () => {
  lockManager((_, __, work) => work());
  const { signal } = new AbortController();
  expect(await tuningAlone(async () => 3, signal)).toBe(3);
  expect(navigator.locks.request).toHaveBeenCalledWith('webdit-tuning', { signal }, expect.any(Function));
  const failing = vi.fn(async () => Promise.reject(new Error('lost')));
  await expect(tuningAlone(failing, undefined)).rejects.toThrow('lost');
  expect(failing).toHaveBeenCalledTimes(1);
});

test('without locks, or where none may be taken, work is done all the same', async () => {
  vi.stubGlobal('navigator', undefined);
  expect(await tuningAlone(async () => 1, undefined)).toBe(1);
  lockManager(() => Promise.reject(new DOMException('no origin', 'SecurityError')));
  expect(await tuningAlone(async () => 2, undefined)).toBe(2);
});

test('an abort ends the wait for the lock', async () => {
  const controller = new AbortController();
  const reason = new Error('enough');
  lockManager(() => Promise.reject(reason));
  controller.abort(reason);
  const work = vi.fn(async () => 1);
  await expect(tuningAlone(work, controller.signal)).rejects.toBe(reason);
  expect(work).not.toHaveBeenCalled();
});
