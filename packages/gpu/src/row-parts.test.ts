import { expect, test } from 'vitest';
import { partOf, splitRows } from './row-parts.ts';

test.each([
  [1001, 16, 16016, [[0, 1001]]],
  [
    1001,
    16,
    16015,
    [
      [0, 504],
      [504, 497],
    ],
  ],
  [
    96,
    192,
    6144,
    [
      [0, 32],
      [32, 32],
      [64, 32],
    ],
  ],
  // The last of equal parts may be shorter, and no part has fewer than four rows, whatever the limit.
  [
    20,
    100,
    850,
    [
      [0, 8],
      [8, 8],
      [16, 4],
    ],
  ],
  [
    8,
    100,
    1,
    [
      [0, 4],
      [4, 4],
    ],
  ],
])('%d rows of %d bytes in buffers of %d', (rows, bytes, limit, expected) => {
  const parts = splitRows(rows, bytes, limit);
  expect(parts.map(({ first, rows }) => [first, rows])).toEqual(expected);
  expect(partOf(parts, rows - 1)).toBe(parts.at(-1));
});

test('rows that nobody holds are a mistake', () => {
  expect(() => partOf(splitRows(8, 4, 64), 8)).toThrow(RangeError);
});
