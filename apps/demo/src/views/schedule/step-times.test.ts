import { expect, it } from 'vitest';
import type { RunReport } from 'webdit';
import { duration, StepTimes } from './step-times.ts';

const report = (byKind: RunReport['totals']['byKind']) => ({ totals: { byKind } }) as RunReport;

it('knows nothing before the first run, and means over runs afterwards', () => {
  const times = new StepTimes();
  const size = { steps: 10, budget: 4, left: 3, pictures: 2 };
  expect(times.search(size)).toBeNull();
  const first = report({ full: { count: 10, ms: 100 } });
  times.note(first);
  times.note(first);
  // 2 pictures x (10 uncached + 3 x 10 steps) x 10 ms
  expect(times.search(size)).toBe(800);
  times.note(report({ full: { count: 10, ms: 300 }, reuse: { count: 5, ms: 5 } }));
  expect([times.of('full'), times.of('reuse')]).toEqual([20, 1]);
  // 2 x (10 x 20 + 3 x (4 x 20 + 6 x 1))
  expect(times.search(size)).toBe(916);
});

it('forgets old runs', () => {
  const times = new StepTimes();
  times.note(report({ full: { count: 1, ms: 1000 } }));
  for (let i = 0; i < 8; i++) times.note(report({ full: { count: 1, ms: 1 } }));
  expect(times.of('full')).toBe(1);
});

it('says durations as people do', () => {
  expect([400, 5_400, 89_000, 95_000, 7_200_000].map(duration)).toEqual([
    'under a second',
    'about 5 s',
    'about 89 s',
    'about 2 min',
    'about 2.0 h',
  ]);
});
