import { expect, test } from 'vitest';
import { mean, median } from './statistics.ts';

test('the median is the middle value, whatever the order, or between the two middle ones', () => {
  expect(median([9, 1, 5])).toBe(5);
  expect(median([4, 1, 100, 2])).toBe(3);
  expect(median([])).toBeNaN();
});

test('the mean weighs every value', () => {
  expect(mean([1, 2, 6])).toBe(3);
});
