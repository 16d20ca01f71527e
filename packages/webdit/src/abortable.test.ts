import { expect, it, vi } from 'vitest';
import { abortable } from './abortable.ts';

it('gives what the work gives, value or error, and forgets the signal', async () => {
  const { signal } = new AbortController();
  const forget = vi.spyOn(signal, 'removeEventListener');
  const discard = vi.fn();
  expect(await abortable(Promise.resolve(7), signal, discard)).toBe(7);
  await expect(abortable(Promise.reject(new Error('broken')), signal)).rejects.toThrow('broken');
  expect(forget).toHaveBeenCalledTimes(2);
  expect(discard).not.toHaveBeenCalled();
});

it('rejects at once when the signal fires, and discards what comes late', async () => {
  const controller = new AbortController();
  let finish: (value: number) => void = () => {};
  const work = new Promise<number>((resolve) => {
    finish = resolve;
  });
  const discard = vi.fn();
  const waiting = abortable(work, controller.signal, discard);
  controller.abort('enough');
  await expect(waiting).rejects.toBe('enough');
  finish(7);
  await work;
  expect(discard).toHaveBeenCalledExactlyOnceWith(7);
  await expect(abortable(new Promise(() => {}), controller.signal)).rejects.toBe('enough');
});
