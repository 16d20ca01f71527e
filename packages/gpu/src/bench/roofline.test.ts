import { expect, test } from 'vitest';
import { shareOfCeiling } from './roofline.ts';
import { addWork, gatedSumWork, matmulWork, times } from './work.ts';

const peak = { flopsPerSecond: 1e12, bytesPerSecond: 1e11 };

test('the ceiling that takes longer binds', () => {
  expect(shareOfCeiling({ flops: 1e9, bytes: 1e6 }, 0.002, peak)).toEqual({ share: 0.5, bound: 'arithmetic' });
  expect(shareOfCeiling({ flops: 1e6, bytes: 1e8 }, 0.004, peak)).toEqual({ share: 0.25, bound: 'bandwidth' });
});

test('a matmul of few rows is bound by its weights, one of many rows by its products', () => {
  const few = matmulWork({ rows: 2, K: 1152, N: 6912 }, 'f32');
  expect(few.flops).toBe(2 * 2 * 1152 * 6912);
  expect(few.bytes).toBe(4 * (2 * 1152 + 6912 + 2 * 6912) + 4 * 1152 * 6912);
  expect(shareOfCeiling(few, 1, peak).bound).toBe('bandwidth');
  expect(shareOfCeiling(matmulWork({ rows: 512, K: 1152, N: 3456 }, 'f32'), 1, peak).bound).toBe('arithmetic');
});

test('halves are half the bytes', () => {
  const size = { rows: 1, K: 1000, N: 1000 };
  expect(matmulWork(size, 'f32').bytes - matmulWork(size, 'packed-f16').bytes).toBe(2e6);
});

test('work adds up and repeats', () => {
  const sum = gatedSumWork({ batch: 2, tokens: 3, heads: 1, width: 4 }, 5);
  expect(sum).toEqual({ flops: 2 * 5 * 24, bytes: 4 * (7 * 24 + 5 * 2 * 4) });
  expect(addWork([sum, times(sum, 2)])).toEqual(times(sum, 3));
});
