import { expect, it } from 'vitest';
import { updateLatents } from './update.ts';

const step = { sample: 2, prediction: -1 };

it('moves latents by the prediction of one row', () => {
  const size = { batch: 1, latentChannels: 2, modelChannels: 2, plane: 1 } as const;
  expect([...updateLatents([1, 2], [10, 20], size, { scale: 1, channels: 2 }, step)]).toEqual([-8, -16]);
});

it('guides the first channels, takes the others from the conditional row, and leaves learned sigma alone', () => {
  const size = { batch: 2, latentChannels: 2, modelChannels: 3, plane: 2 } as const;
  const prediction = [1, 2, 3, 4, 100, 100, 5, 5, 5, 5, 100, 100];
  // Guided: 5 + 3 (1 - 5) = -7 and 5 + 3 (2 - 5) = -4; the second channel keeps 3 and 4.
  const moved = updateLatents([1, 1, 1, 1], prediction, size, { scale: 3, channels: 1 }, step);
  expect([...moved]).toEqual([9, 6, -1, -2]);
});

it('computes in f64', () => {
  const size = { batch: 1, latentChannels: 1, modelChannels: 1, plane: 1 } as const;
  const [value] = updateLatents([1 / 3], [0], size, { scale: 1, channels: 1 }, { sample: 1, prediction: 0 });
  expect(value).toBe(1 / 3);
});
