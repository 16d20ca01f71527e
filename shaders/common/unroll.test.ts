import { expect, test } from 'vitest';
import { unroll } from './unroll.ts';

test('repeats consecutive lines together, and leaves the others alone', () => {
  const source = ['begin', '  a$r', '  b$r', 'middle', '  c$r', 'end'].join('\n');
  const expected = ['begin', '  a0', '  b0', '  a1', '  b1', 'middle', '  c0', '  c1', 'end'];
  expect(unroll(source, { r: 2 }).split('\n')).toEqual(expected);
});

test('nests the indices in the order they are given', () => {
  const source = ['w$c', 'a$r', 'acc$r$c', 'end'].join('\n');
  const expected = ['w0', 'w1', 'a0', 'acc00', 'acc01', 'a1', 'acc10', 'acc11', 'end'];
  expect(unroll(source, { r: 2, c: 2 }).split('\n')).toEqual(expected);
  expect(unroll('acc$r$c', { c: 2, r: 2 }).split('\n')).toEqual(['acc00', 'acc10', 'acc01', 'acc11']);
});

test('a count of one or of none', () => {
  expect(unroll('a$r\nb', { r: 1 })).toBe('a0\nb');
  expect(unroll('a$r\nb', { r: 0 })).toBe('b');
});
