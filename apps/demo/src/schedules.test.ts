import { expect, it, vi } from 'vitest';
import { budgetsFor, loadCacheFiles, summarise } from './schedules.ts';

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

it('knows the steps of calibrations, and keeps what can be read', async () => {
  const files: Readonly<Record<string, unknown>> = {
    '/model_index.json': { schedules: ['a.json'], calibrations: ['b.json', 'c.json'] },
    '/a.json': { policy: 'procache', steps: 4, pattern: '1020' },
    '/b.json': { steps: 50 },
    '/c.json': { steps: 20 },
  };
  const serve = (missing: string) =>
    vi.stubGlobal('fetch', async (url: URL) => {
      const file = url.pathname === missing ? undefined : files[url.pathname];
      return file === undefined ? new Response(null, { status: 404 }) : Response.json(file);
    });
  const load = () => loadCacheFiles(new URL('http://host/'));
  const schedules = [{ policy: 'procache', steps: 4, budget: 1 }];
  try {
    serve('');
    expect(await load()).toEqual({ schedules, calibrations: [50, 20] });
    serve('/b.json');
    expect(await load()).toEqual({ schedules, calibrations: [] });
    serve('/model_index.json');
    expect(await load()).toEqual({ schedules: [], calibrations: [] });
  } finally {
    vi.unstubAllGlobals();
  }
});
