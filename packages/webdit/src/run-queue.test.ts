import { describe, expect, it } from 'vitest';
import { RunQueue } from './run-queue.ts';

/** Work that ends when told to, or when its signal fires. */
function held() {
  let end: (value: string) => void = () => {};
  const result = new Promise<string>((resolve) => {
    end = resolve;
  });
  const started: AbortSignal[] = [];
  const work = (signal: AbortSignal) => {
    started.push(signal);
    const aborted = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason));
    });
    return Promise.race([result, aborted]);
  };
  return { work, started, end: (value: string) => end(value) };
}
const turns = () => new Promise((resolve) => setTimeout(resolve));

describe('RunQueue', () => {
  it('runs one call at a time, in order, also after one that failed', async () => {
    const queue = new RunQueue();
    const first = held();
    const second = held();
    const failing = queue.run(undefined, first.work);
    const waiting = queue.run(undefined, second.work);
    await turns();
    expect([first.started.length, second.started.length]).toEqual([1, 0]);
    first.end('one');
    await expect(failing).resolves.toBe('one');
    const third = queue.run(undefined, async () => {
      throw new Error('third');
    });
    const fourth = queue.run(undefined, async () => 'four');
    second.end('two');
    await expect(waiting).resolves.toBe('two');
    await expect(third).rejects.toThrow('third');
    await expect(fourth).resolves.toBe('four');
  });

  it('rejects a call that is aborted while it waits at once, and never starts it', async () => {
    const queue = new RunQueue();
    const running = held();
    const result = queue.run(undefined, running.work);
    const controller = new AbortController();
    const waiting = held();
    const aborted = queue.run(controller.signal, waiting.work);
    controller.abort('changed my mind');
    await expect(aborted).rejects.toBe('changed my mind');
    running.end('done');
    await result;
    await turns();
    expect(waiting.started).toEqual([]);
  });

  it('stops what runs when it closes, refuses the rest, and resolves when nothing runs', async () => {
    const queue = new RunQueue();
    const running = held();
    const stopped = expect(queue.run(undefined, running.work)).rejects.toMatchObject({ code: 'bad-argument' });
    const refused = expect(queue.run(undefined, held().work)).rejects.toMatchObject({
      message: 'This pipeline has been disposed.',
    });
    await turns();
    expect(await queue.close()).toBe(true);
    expect(running.started[0]?.aborted).toBe(true);
    await Promise.all([stopped, refused]);
    expect(await queue.close()).toBe(false);
    await expect(queue.run(undefined, async () => 1)).rejects.toMatchObject({ code: 'bad-argument' });
  });
});
