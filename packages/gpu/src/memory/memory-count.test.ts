import { compileRunPlan, ditSampler, ditXl2, parameterCount } from '@webdit/core';
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
