import { parseSchedule } from '@webdit/core';
import { expect, it } from 'vitest';
import type { LabPipe } from './pipe.ts';
import { searchForecasts } from './search-forecasts.ts';
import { fakePipe } from './testing/fake-pipe.ts';

/** Errors are a hundredth for each step from where full steps should be: at 0, 5 and 6. */
function scoringPipe(): LabPipe {
  const pipe = fakePipe();
  return {
    info: pipe.info,
    async generate(input, options) {
      const result = await pipe.generate(input, options);
      const pattern = (options.cache as { pattern?: string }).pattern ?? '10000110';
      const places = [...pattern].flatMap((digit, n) => (digit === '1' ? [n] : []));
      const error = 0.01 * places.reduce((sum, n, i) => sum + Math.abs(n - ([0, 5, 6][i] as number)), 0);
      return { ...result, latents: { data: Float32Array.of(1, 0, 0, error), shape: [1, 1, 2, 2] } };
    },
  };
}

it('moves full steps to where errors are least, and says how they were found', async () => {
  const options = { steps: 8, budget: 3, order: 1, correction: 0.5, evaluations: 21, moveSeed: 1 };
  const pairs = [{ seed: 0, label: 3 }];
  const { schedule, ranked } = await searchForecasts(scoringPipe(), { ...options, pairs });
  expect(ranked[0]).toMatchObject({ pattern: '10000110', score: 0 });
  expect(ranked.length).toBeGreaterThan(9);
  expect(parseSchedule(schedule, 'again')).toEqual(schedule);
  expect(schedule).toMatchObject({
    ...{ policy: 'procache+', steps: 8, sampler: 'ddim-respaced', pattern: '10000110', order: 1, correction: 0.5 },
    found: { by: 'local search', moves: { seed: 1, evaluations: ranked.length, start: ['11000010'] }, score: 0, pairs },
  });
});
