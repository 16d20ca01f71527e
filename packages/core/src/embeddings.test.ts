import { expect, it } from 'vitest';
import { positionEmbedding, timestepEmbedding } from './embeddings.ts';
import { readTensors } from './testing/goldens.ts';

it('positionEmbedding equals the table of an original DiT checkpoint', () => {
  const expected = readTensors('goldens/dit-original-tiny/model.safetensors').pos_embed as Float32Array;
  const table = positionEmbedding({ rows: 8, columns: 8 }, 48);
  expect(table).toHaveLength(expected.length);
  // Measured: bit-equal. The checkpoint was computed in f64 and rounded to f32, as ours is.
  const worst = table.reduce((most, value, i) => Math.max(most, Math.abs(value - (expected[i] as number))), 0);
  expect(worst).toBeLessThanOrEqual(0);
});

it('positionEmbedding stretches other grids to the trained one, and scales it', () => {
  const width = 8;
  const grid = { rows: 2, columns: 4, trained: { side: 8, scale: 2 } };
  // Token (1, 3) lies at column 3 x 8 / 4 / 2 = 3 and row 1 x 8 / 2 / 2 = 2.
  const found = positionEmbedding(grid, width).subarray((4 + 3) * width);
  const place = (at: number) => [Math.sin(at), Math.sin(at / 100), Math.cos(at), Math.cos(at / 100)];
  expect([...found]).toEqual([...Float32Array.from([...place(3), ...place(2)])]);
});

it('timestepEmbedding is cosines, then sines', () => {
  const [size, half, divisor] = [256, 128, 127];
  const rows = timestepEmbedding([0, 999, 50.95], size, divisor);
  expect(rows).toHaveLength(3 * size);
  expect([rows[0], rows[half - 1], rows[half], rows[size - 1]]).toEqual([1, 1, 0, 0]);
  for (const [row, t] of [0, 999, 50.95].entries()) {
    for (const k of [0, 1, 64, 127]) {
      const angle = t * 10000 ** (-k / divisor);
      expect(rows[row * size + k]).toBeCloseTo(Math.cos(angle), 6);
      expect(rows[row * size + half + k]).toBeCloseTo(Math.sin(angle), 6);
    }
  }
});
