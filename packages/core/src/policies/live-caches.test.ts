import { expect, it } from 'vitest';
import type { StepCompute } from '../plan.ts';
import { checkpoints, featureDepth } from './live-caches.ts';

const stack = { first: 0, last: 4, keep: 'residual' } as const;
const steps: Readonly<Record<string, StepCompute>> = {
  F: { kind: 'full', storesCache: true },
  f: { kind: 'full' },
  K: { kind: 'full', stack },
  r: { kind: 'reuse' },
  1: { kind: 'forecast', forecast: [[2, -1]] },
  2: { kind: 'forecast', forecast: [[3, -3, 1]] },
  k: { kind: 'skip', stack },
  p: { kind: 'forecast', predictions: [2, -1] },
  c: { kind: 'full', predictions: [1.5, -0.5] },
};
const plan = (text: string) => [...text].map((letter) => steps[letter] as StepCompute);

it.each([
  ['ffff', 'yyyy', 0],
  ['FrrFrf', 'ynnyny', 1],
  ['FF1F1F1', 'ynnnnnn', 2],
  ['FF1F1FrF', 'ynnnnyny', 2],
  ['FFF2FF1F', 'ynnnynny', 3],
  ['ffpfpff', 'ynnnnyy', 0],
  ['ffpcpff', 'ynnnnyy', 0],
  ['KkKkfk', 'ynynnn', 0],
  ['KkFrKk', 'ynynyn', 1],
])('%s resumes at %s', (text, expected, depth) => {
  expect(
    checkpoints(plan(text))
      .map((can) => (can ? 'y' : 'n'))
      .join(''),
  ).toBe(expected);
  expect(featureDepth(plan(text))).toBe(depth);
});
