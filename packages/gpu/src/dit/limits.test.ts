import { expect, it } from 'vitest';
import { checkNoise } from './limits.ts';

it('takes as much noise as the steps need and a binding holds', () => {
  expect(() => checkNoise(3, 4, new Float32Array(12), 48)).not.toThrow();
  expect(() => checkNoise(0, 4, undefined, 48)).not.toThrow();
});

it.each([
  [3, undefined, 'shape-mismatch', 'The rows of noise hold 0 values, the model takes 12.'],
  [3, 8, 'shape-mismatch', 'The rows of noise hold 8 values, the model takes 12.'],
  [0, 4, 'shape-mismatch', 'The rows of noise hold 4 values, the model takes 0.'],
])('refuses for %i rows noise of %s values', (rows, length, code, message) => {
  const noise = length === undefined ? undefined : new Float32Array(length);
  expect(() => checkNoise(rows, 4, noise, 48)).toThrow(expect.objectContaining({ code, message }));
});

it('refuses more noise than fits a binding, by the number of steps', () => {
  expect(() => checkNoise(1000, 4 * 128 * 128, undefined, 128 * 2 ** 20)).toThrow(
    expect.objectContaining({
      code: 'out-of-memory',
      message: 'The noise of 1000 steps takes 250.0 MiB, but this adapter binds at most 128.0 MiB.',
      remedy: 'Use fewer steps, or a sampler that draws no noise, such as ddim.',
    }),
  );
});
