import { expect, test } from 'vitest';
import { inTurn } from './turns.ts';

test('each round another is first, and the neighbours change sides', () => {
  const rounds = [0, 1, 2, 3].map((round) => inTurn(['a', 'b', 'c'], round).join(''));
  expect(rounds).toEqual(['abc', 'bac', 'cab', 'acb']);
  expect(inTurn([], 3)).toEqual([]);
});
