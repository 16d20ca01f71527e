import { expect, it } from 'vitest';
import { updateLatents } from './update.ts';

const step = { sample: 2, prediction: -1, x0Sample: 3, x0Prediction: 0.5, history: 0, noise: 0 };
const from = (...latents: number[]) => ({ latents, x0: [] });

it('moves latents by the prediction of one row', () => {
  const size = { batch: 1, latentChannels: 2, modelChannels: 2, plane: 1 } as const;
  const { latents, x0 } = updateLatents(from(1, 2), [10, 20], size, { scale: 1, channels: 2 }, step);
  expect([[...latents], [...x0]]).toEqual([
    [-8, -16],
    [8, 16],
  ]);
});

it('adds what the step before foresaw, by its weight', () => {
  const size = { batch: 1, latentChannels: 1, modelChannels: 1, plane: 2 } as const;
  const state = { latents: [1, 2], x0: [100, -100] };
  const moved = updateLatents(state, [10, 20], size, { scale: 1, channels: 1 }, { ...step, history: -0.25 });
  expect([...moved.latents]).toEqual([-33, 9]);
});

it("adds the step's noise, by its weight", () => {
  const size = { batch: 1, latentChannels: 1, modelChannels: 1, plane: 2 } as const;
  const state = { ...from(1, 2), noise: [4, -8] };
  const moved = updateLatents(state, [10, 20], size, { scale: 1, channels: 1 }, { ...step, noise: 0.25 });
  expect([[...moved.latents], [...moved.x0]]).toEqual([
    [-7, -18],
    [8, 16],
  ]);
});

it('guides the first channels, takes the others from the conditional row, and leaves learned sigma alone', () => {
  const size = { batch: 2, latentChannels: 2, modelChannels: 3, plane: 2 } as const;
  const prediction = [1, 2, 3, 4, 100, 100, 5, 5, 5, 5, 100, 100];
  // Guided: 5 + 3 (1 - 5) = -7 and 5 + 3 (2 - 5) = -4; the second channel keeps 3 and 4.
  const moved = updateLatents(from(1, 1, 1, 1), prediction, size, { scale: 3, channels: 1 }, step);
  expect([...moved.latents]).toEqual([9, 6, -1, -2]);
  expect([...moved.x0]).toEqual([-0.5, 1, 4.5, 5]);
});

it('computes in f64', () => {
  const size = { batch: 1, latentChannels: 1, modelChannels: 1, plane: 1 } as const;
  const { latents, x0 } = updateLatents(from(1 / 3), [0], size, { scale: 1, channels: 1 }, { ...step, x0Sample: 1 });
  expect([latents[0], x0[0]]).toEqual([2 / 3, 1 / 3]);
});
