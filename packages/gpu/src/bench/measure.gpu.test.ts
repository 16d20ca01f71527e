import { gatedSumConstants, gatedSumKernel, gatedSumParams } from '@webdit/shaders';
import { expect, test } from 'vitest';
import { testDevice } from '../../../../testing/gpu.ts';
import { measureInterleaved } from './measure.ts';
import { BenchScope } from './scope.ts';

const rows = 64;
const C = 64;

/** Adds up `count` cache entries: work in proportion to `count`. */
function sum(bench: BenchScope, count: number) {
  const flops = 2 * rows * C * count;
  const dispatch = bench.dispatch({
    kernel: gatedSumKernel,
    constants: gatedSumConstants({ C, branches: 2 }),
    params: gatedSumParams({ rows, tokens: rows, first: 0, count, slabFirst: 0, modulationRows: 1, firstWeight: 0 }),
    storage: [rows * C, 200 * 6 * C, 400 * rows * C, 400],
    workgroups: [(rows * C) / 4 / 64, 1, 1],
    flops,
  });
  return { name: `${count}`, program: [dispatch, dispatch], flops: 2 * flops, bytes: 8, stepGroup: bench.stepGroup() };
}

test('cases take turns, last long enough, and more work takes longer', async () => {
  const holder = await testDevice();
  const bench = new BenchScope(holder);
  try {
    const cases = [sum(bench, 400), sum(bench, 4)];
    await bench.ready();
    const progress: number[] = [];
    const options = { rounds: 3, minMs: 2, onProgress: (done: number) => progress.push(done) };
    const [long, short] = await measureInterleaved(holder, cases, options);
    if (!long || !short) throw new Error('two results');
    expect(progress).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(long.clock).toBe(holder.features.has('timestamp-query') ? 'gpu' : 'wall');
    expect(long.samples).toHaveLength(3);
    expect(long.best).toBe(Math.min(...long.samples));
    expect(long.flopsPerSecond * long.seconds).toBeCloseTo(2 * 2 * rows * C * 400);
    expect((long.bytesPerSecond ?? 0) * long.seconds).toBeCloseTo(8);
    expect(short.repeats).toBeGreaterThan(1);
    expect(short.best).toBeGreaterThan(0);
    expect(long.best).toBeGreaterThan(short.best);
  } finally {
    bench.destroy();
  }
});

test('an aborted measurement ends with the reason of its signal', async () => {
  const holder = await testDevice();
  const bench = new BenchScope(holder);
  try {
    const one = sum(bench, 4);
    await bench.ready();
    const controller = new AbortController();
    const onProgress = () => controller.abort(new Error('enough'));
    const run = measureInterleaved(holder, [one, one], { rounds: 50, minMs: 1, signal: controller.signal, onProgress });
    await expect(run).rejects.toThrow('enough');
  } finally {
    bench.destroy();
  }
});
