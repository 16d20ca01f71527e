import { expect, it } from 'vitest';
import { budgetsFor, summarise } from './schedules.ts';

const schedule = (steps: number, pattern: string) =>
  summarise({ format: 'webdit-schedule/1', policy: 'procache', steps, sampler: 'ddim-respaced', pattern });

it('counts the full steps of a schedule', () => {
  expect(schedule(8, '10201021')).toEqual({ policy: 'procache', steps: 8, budget: 3 });
});

it('offers the budgets for these steps once each, most full steps first', () => {
  const schedules = [schedule(4, '1020'), schedule(4, '1111'), schedule(4, '1000'), schedule(6, '102102')];
  expect(budgetsFor(schedules, 'procache', 4)).toEqual([4, 1]);
  expect(budgetsFor(schedules, 'procache', 5)).toEqual([]);
  expect(budgetsFor(schedules, 'fora', 4)).toEqual([]);
});
