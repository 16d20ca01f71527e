import { describe, expect, test, vi } from 'vitest';
import type { Dispatch } from './program.ts';
import { Slicer } from './slicer.ts';

/** A GPU of constant speed: each submit takes its dispatches' cost / `speed`, one after the other, in fake time. */
function fakeGpu(speed: number) {
  const submits: { cost: number; started: number }[] = [];
  let encoded = 0;
  let freeAt = 0;
  let inFlight = 0;
  let mostInFlight = 0;
  const pass = { setPipeline() {}, setBindGroup() {}, dispatchWorkgroups: () => encoded++, end() {} };
  const encoder = { beginComputePass: () => pass, finish: () => ({}), copyBufferToBuffer() {} };
  const queue = {
    submit() {
      const cost = encoded * dispatchCost;
      encoded = 0;
      freeAt = Math.max(freeAt, performance.now()) + (cost / speed) * 1000;
      submits.push({ cost, started: performance.now() });
      mostInFlight = Math.max(mostInFlight, ++inFlight);
    },
    onSubmittedWorkDone: () =>
      new Promise<void>((resolve) => {
        setTimeout(() => {
          inFlight--;
          resolve();
        }, freeAt - performance.now());
      }),
  };
  const device = { queue, createCommandEncoder: () => encoder } as unknown as GPUDevice;
  const adapterInfo = { vendor: '', architecture: '', device: '', description: '', isFallback: true };
  return { holder: { device, adapterInfo, check() {} }, submits, most: () => mostInFlight };
}

const dispatchCost = 1e7;
const dispatch = {
  handle: { pipeline: {}, kernel: { usesStep: false } },
  workgroups: [1, 1, 1],
  cost: dispatchCost,
} as unknown as Dispatch;
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
