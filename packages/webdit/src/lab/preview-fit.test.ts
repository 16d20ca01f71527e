import { torchRandn } from '@webdit/core';
import type { PreviewMap } from '@webdit/weights';
import { expect, it } from 'vitest';
import { previewPixels } from '../previews.ts';
import { fitPreview } from './preview-fit.ts';

const map: PreviewMap = {
  factors: [
    [0.2, -0.1, 0.05],
    [-0.3, 0.02, 0.1],
    [0.01, 0.15, -0.2],
  ],
  bias: [0.1, 0.2, -0.15],
};
const [channels, height, width] = [3, 4, 6] as const;

/** Latents and a picture twice their size whose colours are the map's, give or take `noise` from pixel to pixel. */
function sample(seed: number, noise = 0) {
  const latents = torchRandn(seed, channels * height * width).map((value) => value / 2);
  const small = previewPixels(map, latents, width, height);
  const data = new Float64Array(4 * 4 * height * width);
  for (let y = 0; y < 2 * height; y++) {
    for (let x = 0; x < 2 * width; x++) {
      for (let k = 0; k < 3; k++) {
        const from = small.data[4 * ((y >> 1) * width + (x >> 1)) + k] as number;
        data[4 * (y * 2 * width + x) + k] = from + (x % 2 ? noise : -noise);
      }
    }
  }
  return { latents, picture: { width: 2 * width, height: 2 * height, data } };
}

it('finds the map that pictures were made with', () => {
  const fit = fitPreview([sample(1), sample(2), sample(3)], [channels, height, width]);
  // Bytes are 1/127.5 apart.
  fit.factors.flat().forEach((value, i) => {
    expect(value).toBeCloseTo(map.factors.flat()[i] as number, 2);
  });
  fit.bias.forEach((value, i) => {
    expect(value).toBeCloseTo(map.bias[i] as number, 2);
  });
  expect(fit.residual).toBeLessThan(1 / 127.5);
});

it('averages the pixels of a square, and says how much is left unexplained', () => {
  const fit = fitPreview([sample(1, 20), sample(2, 20)], [channels, height, width]);
  expect(fit.residual).toBeLessThan(1 / 127.5);
  const black = (seed: number) => ({
    ...sample(seed),
    picture: { width, height, data: new Uint8Array(4 * height * width) },
  });
  // Two pictures are the map's, one is black whatever its latents: its colours are off by about two thirds of those of a map.
  expect(fitPreview([sample(1), sample(2), black(3)], [channels, height, width]).residual).toBeGreaterThan(0.3);
});

it('refuses samples that leave the map open', () => {
  const flat = { ...sample(1), latents: new Float32Array(channels * height * width).fill(0.5) };
  expect(() => fitPreview([flat], [channels, height, width])).toThrow(/do not determine a preview map/);
  expect(() => fitPreview([], [channels, height, width])).toThrow(/do not determine a preview map/);
});
