import { expect, it, vi } from 'vitest';
import { FakePipeline, settled } from '../testing/fake-pipeline.ts';
import type { LoadHooks } from './shared-load.ts';
import { type Job, type Pipeline, SharedPipeline } from './shared-pipeline.ts';

const quiet = () => ({ signal: new AbortController().signal, onProgress: () => {} });

function job(label: string, owner: object, over: Partial<Job<unknown>> = {}): Job<unknown> {
  return {
    owner,
    ...quiet(),
    pressing: () => true,
    onStart: () => {},
    onWait: () => {},
    work: (pipeline, signal) => pipeline.generate({ label }, { signal }),
    ...over,
  };
}

/** Ends the runs one after the other, for as long as there are any. */
async function finishAll(fake: FakePipeline): Promise<void> {
  for (let n = 0; n < fake.runs.length; n++) {
    fake.runs[n]?.finish();
    await settled();
  }
}

it('loads once for all who wait, and tells each how far it is', async () => {
  const fake = new FakePipeline();
  let hooks: LoadHooks | undefined;
  let arrive = (_: Pipeline) => {};
  const open = vi.fn((given: LoadHooks) => {
    hooks = given;
    return new Promise<Pipeline>((resolve) => {
      arrive = resolve;
    });
  });
  const shared = new SharedPipeline(open);
  const early = vi.fn();
  const late = vi.fn();
  const first = shared.ready({ ...quiet(), onProgress: early });
  const event = { status: 'progress_total', progress: 40 } as never;
  hooks?.onProgress(event);
  const second = shared.ready({ ...quiet(), onProgress: late });
  arrive(fake.pipeline);
  expect(await first).toBe(fake.pipeline);
  expect(await second).toBe(fake.pipeline);
  expect(shared.loaded).toBe(fake.pipeline);
  expect(open).toHaveBeenCalledTimes(1);
  expect(early).toHaveBeenCalledWith(event);
  expect(late).toHaveBeenCalledWith(event);
});

it('aborts a load when the last who waits has given up, and begins another for who comes then', async () => {
  const signals: AbortSignal[] = [];
  const fake = new FakePipeline();
  const shared = new SharedPipeline(({ signal }) => {
    signals.push(signal);
    if (signals.length === 2) return Promise.resolve(fake.pipeline);
    return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  });
  const [a, b] = [new AbortController(), new AbortController()];
  const first = shared.ready({ ...quiet(), signal: a.signal });
  const second = shared.ready({ ...quiet(), signal: b.signal });
  a.abort('a');
  await expect(first).rejects.toBe('a');
  expect(signals[0]?.aborted).toBe(false);
  b.abort('b');
  const third = shared.ready(quiet());
  await expect(second).rejects.toBe('b');
  expect(signals[0]?.aborted).toBe(true);
  expect(await third).toBe(fake.pipeline);
});

it('frees a model that arrives when nobody waits any more', async () => {
  const fake = new FakePipeline();
  let arrive = (_: Pipeline) => {};
  const shared = new SharedPipeline(
    () =>
      new Promise((resolve) => {
        arrive = resolve;
      }),
  );
  const controller = new AbortController();
  const waiting = shared.ready({ ...quiet(), signal: controller.signal });
  controller.abort('enough');
  await expect(waiting).rejects.toBe('enough');
  arrive(fake.pipeline);
  await settled();
  expect(fake.disposed).toBe(1);
  expect(shared.loaded).toBeNull();
});

it('loads again after a load that failed', async () => {
  const fake = new FakePipeline();
  const open = vi.fn(async () => fake.pipeline).mockRejectedValueOnce(new Error('offline'));
  const shared = new SharedPipeline(open);
  await expect(shared.ready(quiet())).rejects.toThrow('offline');
  expect(await shared.ready(quiet())).toBe(fake.pipeline);
});

it('runs one job at a time, in turns between owners', async () => {
  const fake = new FakePipeline();
  const shared = new SharedPipeline(async () => fake.pipeline);
  const [a, b] = [{}, {}];
  const results = [job('a1', a), job('a2', a), job('b1', b), job('a3', a), job('b2', b)].map((one) => shared.run(one));
  await settled();
  expect(fake.order).toBe('a1');
  await finishAll(fake);
  expect(fake.order).toBe('a1 b1 a2 b2 a3');
  expect(await Promise.all(results)).toMatchObject([
    { label: 'a1' },
    { label: 'a2' },
    { label: 'b1' },
    { label: 'a3' },
    { label: 'b2' },
  ]);
});

it('takes an aborted job out of the queue at once, or stops it', async () => {
  const fake = new FakePipeline();
  const shared = new SharedPipeline(async () => fake.pipeline);
  const [running, waiting] = [new AbortController(), new AbortController()];
  const first = shared.run(job('a', {}, { signal: running.signal }));
  const second = shared.run(job('b', {}, { signal: waiting.signal }));
  const third = shared.run(job('c', {}));
  await settled();
  waiting.abort('not b');
  await expect(second).rejects.toBe('not b');
  running.abort('not a');
  await expect(first).rejects.toBe('not a');
  await settled();
  fake.runs.at(-1)?.finish();
  await third;
  expect(fake.order).toBe('a c');
  await expect(shared.run(job('d', {}, { signal: waiting.signal }))).rejects.toBe('not b');
});

it('passes over what is not pressing until it is; under way it pauses, or gives way without being lost', async () => {
  const fake = new FakePipeline();
  const shared = new SharedPipeline(async () => fake.pipeline);
  let seen = true;
  const told: string[] = [];
  const automatic = shared.run(
    job('auto', {}, { pressing: () => seen, onStart: () => told.push('start'), onWait: () => told.push('wait') }),
  );
  await settled();
  seen = false;
  shared.advance();
  await settled();
  expect([fake.paused, fake.runs[0]?.options.signal?.aborted]).toEqual([true, false]);
  seen = true;
  shared.advance();
  expect(fake.paused).toBe(false);
  seen = false;
  shared.advance();
  expect(fake.paused).toBe(true);
  const asked = shared.run(job('asked', {}));
  await settled();
  expect(fake.order).toBe('auto asked');
  expect([fake.paused, fake.runs[0]?.options.signal?.aborted]).toEqual([false, true]);
  fake.runs[1]?.finish();
  await asked;
  await settled();
  expect(fake.order).toBe('auto asked');
  seen = true;
  shared.advance();
  await settled();
  expect(fake.order).toBe('auto asked auto');
  fake.runs[2]?.finish();
  expect(await automatic).toEqual({ label: 'auto' });
  expect(told).toEqual(['start', 'wait', 'start']);
});

it.each(['device-lost', 'worker-crashed', 'out-of-memory'])('loads anew after %s', async (code) => {
  const [broken, fresh] = [new FakePipeline(), new FakePipeline()];
  const shared = new SharedPipeline(vi.fn(async () => fresh.pipeline).mockResolvedValueOnce(broken.pipeline));
  const first = shared.run(job('a', {}));
  const second = shared.run(job('b', {}));
  await settled();
  broken.runs[0]?.fail({ code });
  await expect(first).rejects.toEqual({ code });
  await settled();
  expect(broken.disposed).toBe(1);
  fresh.runs[0]?.finish();
  expect(await second).toEqual({ label: 'b' });
  // Any other failure leaves the model where it is.
  const third = shared.run(job('c', {}));
  await settled();
  fresh.runs[1]?.fail({ code: 'unknown-label' });
  await expect(third).rejects.toEqual({ code: 'unknown-label' });
  expect(fresh.disposed).toBe(0);
});
