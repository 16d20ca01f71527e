import { expect, test } from 'vitest';
import { bootstrapMean95, mean, median } from './statistics.ts';

test('the median is the middle value, whatever the order, or between the two middle ones', () => {
  expect(median([9, 1, 5])).toBe(5);
  expect(median([4, 1, 100, 2])).toBe(3);
  expect(median([])).toBeNaN();
});

test('the mean weighs every value', () => {
  expect(mean([1, 2, 6])).toBe(3);
});

test('the bootstrap interval holds the mean, is the same every time, and is as wide as the normal one for many values', () => {
  const values = Array.from({ length: 400 }, (_, i) => Math.sin(i * 12.9898) * 3 + 10);
  const { low, high } = bootstrapMean95(values);
  expect(bootstrapMean95(values)).toEqual({ low, high });
  const spread = Math.sqrt(mean(values.map((value) => (value - mean(values)) ** 2)) / values.length);
  expect(low).toBeCloseTo(mean(values) - 1.96 * spread, 1);
  expect(high).toBeCloseTo(mean(values) + 1.96 * spread, 1);
  expect(high - low).toBeGreaterThan(3.6 * spread);
  expect(bootstrapMean95([2, 2, 2])).toEqual({ low: 2, high: 2 });
});

test('the bootstrap interval of skewed values reaches farther to their side', () => {
  const skewed = [0, 0, 0, 0, 0, 0, 0, 8];
  const { low, high } = bootstrapMean95(skewed);
  expect(low).toBe(0);
  expect(high - mean(skewed)).toBeGreaterThan(1.5 * (mean(skewed) - low));
});
