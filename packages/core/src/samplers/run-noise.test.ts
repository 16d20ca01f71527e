import { expect, it } from 'vitest';
import { TorchGenerator, torchRandn } from '../rng/torch.ts';
import { drawNoise, noiseRows } from './run-noise.ts';

const steps = [0.5, 0, 0.25, 0].map((noise) => ({ noise }));

it('has a row for each step up to the last that takes noise', () => {
  expect(noiseRows(steps)).toBe(3);
  expect(noiseRows(steps.slice(0, 1))).toBe(1);
  expect(noiseRows([{ noise: 0 }])).toBe(0);
});

// torch 2, one generator of seed 2026: randn(1, 4, 5, 5) three times; first and last value of each.
it('draws the initial latents first, then a tensor for each step that takes noise', () => {
  const generator = new TorchGenerator(2026);
  expect(generator.randn(100)).toEqual(torchRandn(2026, 100));
  const noise = drawNoise(generator, steps, 100);
  expect(noise).toHaveLength(300);
  expect([noise[0], noise[99]]).toEqual([-0.6439981460571289, -0.5525041222572327]);
  expect(noise.subarray(100, 200).every((value) => value === 0)).toBe(true);
  expect([noise[200], noise[299]]).toEqual([-0.514647901058197, -0.6783116459846497]);
});
