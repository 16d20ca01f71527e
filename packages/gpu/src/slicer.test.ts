import { Gate } from '@webdit/core';
import { describe, expect, test, vi } from 'vitest';
import { Slicer } from './slicer.ts';
import { fakeDispatch, fakeGpu } from './testing/fake-gpu.ts';

const dispatchCost = 1e7;
const dispatch = fakeDispatch(dispatchCost);
const stepGroup = {} as GPUBindGroup;

describe.each([1e8, 1e9, 1e11])('at %d FLOP/s', (speed) => {
  test('slices stay near 80 ms once the speed is known, two in flight, and step times add up', async () => {
    vi.useFakeTimers();
    try {
      const gpu = fakeGpu(speed);
      const steps = new Map<number, number>();
      const slicer = new Slicer(gpu.holder, { stepGroup, onStepDone: (n, ms) => steps.set(n, ms) });
      const started = performance.now();
      const run = (async () => {
        for (let n = 0; n < 6; n++) {
          // Every third step does the work, as with a cache.
          await slicer.add(n, 0, Array(n % 3 === 0 ? 60 : 1).fill(dispatch));
          await slicer.endStep(n);
        }
        await slicer.finish();
      })();
      await vi.runAllTimersAsync();
      await run;
      const loop = performance.now() - started;

      expect(gpu.most()).toBeLessThanOrEqual(2);
      const seconds = gpu.submits.slice(4).map(({ cost }) => cost / speed);
      // One dispatch cannot be cut.
      const longest = Math.max(0.09, (1.2 * dispatchCost) / speed);
      for (const length of seconds) expect(length).toBeLessThanOrEqual(longest);
      expect([...steps.keys()]).toEqual([0, 1, 2, 3, 4, 5]);
      const total = [...steps.values()].reduce((sum, ms) => sum + ms, 0);
      expect(total).toBeCloseTo(loop, 3);
      // A step that does a sixtieth of the work is not given the time of the submit it rode in.
      expect(steps.get(1) as number).toBeLessThan((steps.get(3) as number) / 10);
      expect(steps.get(3) as number).toBeCloseTo((60 * dispatchCost * 1000) / speed, -Math.log10(loop / 10));
    } finally {
      vi.useRealTimers();
    }
  });
});

test('calls back once a copy has been submitted, not before and not twice', async () => {
  vi.useFakeTimers();
  try {
    const gpu = fakeGpu(1e9);
    const slicer = new Slicer(gpu.holder, { stepGroup });
    const buffer = {} as GPUBuffer;
    const submitsThen: number[] = [];
    const run = (async () => {
      await slicer.add(0, 0, [dispatch]);
      slicer.copy(buffer, buffer, 0, 4);
      slicer.afterSubmit(() => submitsThen.push(gpu.submits.length));
      expect(submitsThen).toEqual([]);
      await slicer.flush();
      expect(submitsThen).toEqual([1]);
      await slicer.add(1, 0, [dispatch]);
      await slicer.finish();
    })();
    await vi.runAllTimersAsync();
    await run;
    expect(submitsThen).toEqual([1]);
  } finally {
    vi.useRealTimers();
  }
});

test('an abort rejects with its reason and nothing more is submitted', async () => {
  vi.useFakeTimers();
  try {
    const gpu = fakeGpu(1e8);
    const controller = new AbortController();
    const slicer = new Slicer(gpu.holder, { stepGroup, signal: controller.signal });
    const run = slicer.add(0, 0, Array(500).fill(dispatch)).then(
      () => 'finished',
      (reason: unknown) => reason,
    );
    await vi.advanceTimersByTimeAsync(500);
    const submitted = gpu.submits.length;
    controller.abort('enough');
    await vi.runAllTimersAsync();
    expect(await run).toBe('enough');
    expect(submitted).toBeGreaterThan(0);
    expect(gpu.submits.length).toBeLessThanOrEqual(submitted + 1);
  } finally {
    vi.useRealTimers();
  }
});

test('submits nothing while the gate is closed, and leaves that time out of the steps', async () => {
  vi.useFakeTimers();
  try {
    const gpu = fakeGpu(1e8);
    const gate = new Gate();
    const times: number[] = [];
    const slicer = new Slicer(gpu.holder, { stepGroup, gate, onStepDone: (_, ms) => times.push(ms) });
    const started = performance.now();
    const run = (async () => {
      for (let n = 0; n < 6; n++) {
        await slicer.add(n, 0, [dispatch]);
        await slicer.endStep(n);
      }
      await slicer.finish();
    })();
    await vi.advanceTimersByTimeAsync(150);
    gate.close();
    await vi.advanceTimersByTimeAsync(1000);
    const [submits, steps] = [gpu.submits.length, times.length];
    await vi.advanceTimersByTimeAsync(60_000);
    expect([gpu.submits.length, times.length]).toEqual([submits, steps]);
    // All that was submitted has been reported.
    expect(steps).toBe(submits);
    expect(submits).toBeLessThan(6);
    gate.open();
    await vi.runAllTimersAsync();
    await run;
    expect(times).toHaveLength(6);
    const total = times.reduce((sum, ms) => sum + ms, 0);
    expect(total).toBeCloseTo((6 * dispatchCost * 1000) / 1e8, 3);
    expect(performance.now() - started).toBeGreaterThan(61_000);
  } finally {
    vi.useRealTimers();
  }
});

test('an abort reaches who waits for the gate', async () => {
  const gpu = fakeGpu(1e8);
  const controller = new AbortController();
  const gate = new Gate();
  gate.close();
  const slicer = new Slicer(gpu.holder, { stepGroup, gate, signal: controller.signal });
  await slicer.add(0, 0, [dispatch]);
  const finished = slicer.finish();
  controller.abort('enough');
  await expect(finished).rejects.toBe('enough');
  expect(gpu.submits).toEqual([]);
});
