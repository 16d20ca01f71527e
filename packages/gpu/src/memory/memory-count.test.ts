import { atSize, compileRunPlan, ditSampler, ditXl2, parameterCount, pixArtXl2 } from '@webdit/core';
import { expect, test } from 'vitest';
import type { DeviceGrants } from './counting-device.ts';
import { MemoryCount } from './memory-count.ts';

const grants: DeviceGrants = {
  maxBufferSize: 2 ** 28,
  maxStorageBufferBindingSize: 2 ** 27,
  features: new Set(),
  isFallback: false,
};
const planOf = (cache: string, guidanceScale = 4) =>
  compileRunPlan({ model: ditXl2, sampler: ditSampler, steps: 50, guidanceScale, label: 1, cache });
/** One state of all tokens, of both rows of guidance. */
const state = 2 * 256 * 1152 * 4;

test('DiT-XL/2 takes its parameters, and the outputs of every branch for reuse, without WebGPU', () => {
  expect(globalThis).not.toHaveProperty('GPUBufferUsage');
  const count = new MemoryCount(ditXl2, 'f32', grants);
  // The position table is no parameter.
  expect(count.weights).toBe(4 * (parameterCount(ditXl2) + 256 * 1152));
  expect(count.loading).toBeGreaterThan(count.weights + 28 * 2 * state);
  const none = count.run(planOf('none'));
  const fora = count.run(planOf('fora'));
  expect(none.cache).toBeLessThan(1024);
  expect(fora.cache - none.cache).toBe(28 * 2 * state);
  expect(count.run(planOf('taylorseer')).cache).toBeGreaterThan(3 * 28 * 2 * state);
  expect(count.run(planOf('fora', 1)).cache - none.cache).toBe(28 * state);
  // A run leaves nothing behind.
  expect(count.run(planOf('none'))).toEqual(none);
});

test('PixArt-alpha XL/2 keeps a third branch, and makes its positions for every size', () => {
  const count = new MemoryCount(pixArtXl2, 'f32', grants);
  expect(count.weights).toBe(4 * parameterCount(pixArtXl2));
  const runOf = (cache: string, guidanceScale = 4, model = pixArtXl2, counted = count) =>
    counted.run(compileRunPlan({ model, sampler: ditSampler, steps: 20, guidanceScale, cache }));
  const none = runOf('none');
  expect(none.cache).toBeLessThan(1024);
  expect(runOf('fora').cache - none.cache).toBe(28 * 3 * state);
  expect(runOf('fora', 1).cache - none.cache).toBe((28 * 3 * state) / 2);
  const wide = atSize(pixArtXl2, { height: 32, width: 64 });
  const twice = new MemoryCount(wide, 'f32', grants);
  expect(twice.weights).toBe(count.weights);
  expect(runOf('fora', 4, wide, twice).cache - none.cache).toBe(2 * 28 * 3 * state);
});

test('halves take half of what linears do, bytes a quarter', () => {
  const [f32, f16, int8] = (['f32', 'f16', 'int8'] as const).map(
    (dtype) => new MemoryCount(ditXl2, dtype, grants).weights,
  ) as [number, number, number];
  expect(f16 / f32).toBeCloseTo(0.501, 2);
  expect(int8 / f32).toBeCloseTo(0.258, 2);
});

test('a working buffer beyond what the device binds is refused by name', () => {
  const small = { ...grants, maxStorageBufferBindingSize: 8 * 2 ** 20 };
  expect(() => new MemoryCount({ ...ditXl2, inputSize: 64 }, 'int8', small)).toThrow(
    expect.objectContaining({ code: 'out-of-memory' }),
  );
});
