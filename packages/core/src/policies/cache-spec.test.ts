import { describe, expect, it } from 'vitest';
import { parseSchedule } from '../schedule/schedule.ts';
import { type CacheSpec, mayTakeSchedule, readCacheSpec } from './cache-spec.ts';
import { fora } from './fora.ts';
import { none } from './none.ts';
import { procache } from './procache.ts';
import { policyNames } from './registry.ts';

const run = { steps: 4, sampler: 'ddim-respaced' };
const read = (cache: CacheSpec) => readCacheSpec(cache, run);
const schedule = parseSchedule(
  { format: 'webdit-schedule/1', policy: 'procache', pattern: '1020', tokenRatio: 0.3, ...run, found: { seed: 1 } },
  's.json',
);

describe('readCacheSpec', () => {
  it('reads names, short forms, printed names and objects', () => {
    expect(read('none')).toEqual({ policy: none, config: {} });
    expect(read('fora:4')).toEqual({ policy: fora, config: { interval: 4 } });
    expect(read('fora_N4')).toEqual({ policy: fora, config: { interval: 4 } });
    expect(read('procache:paper')).toEqual({ policy: procache, config: { mode: 'paper' } });
    expect(read('procache_s4x1_D2_r0.1')).toEqual({
      policy: procache,
      config: { pattern: '1020', deepLayerStart: 2, tokenRatio: 0.1 },
    });
    expect(read({ policy: 'fora', interval: 2 })).toEqual({ policy: fora, config: { interval: 2 } });
  });

  it('reads a schedule as its settings', () => {
    expect(read(schedule)).toEqual({ policy: procache, config: { pattern: '1020', tokenRatio: 0.3 } });
  });

  it('lists the known policies when it knows no such name', () => {
    const remedy =
      'Use one of: none, fora, toca, duca, delta-dit, taylorseer, teacache, dbcache, smoothcache, magcache, procache, procache+.';
    expect(policyNames()).toEqual([
      'none',
      'fora',
      'toca',
      'duca',
      'delta-dit',
      'taylorseer',
      'teacache',
      'dbcache',
      'smoothcache',
      'magcache',
      'procache',
      'procache+',
    ]);
    for (const cache of ['procash', 'procash:B17', 'procash_s4x1', '', ':', { policy: 'procash' }]) {
      expect(() => read(cache)).toThrow(expect.objectContaining({ code: 'unknown-policy', remedy }));
    }
  });

  it.each<[unknown, string]>([
    ['none:fast', 'bad-argument'],
    ['fora:', 'bad-argument'],
    ['fora:0', 'bad-argument'],
    ['procache:', 'bad-argument'],
    ['procache:fast', 'bad-argument'],
    [null, 'bad-argument'],
    [{}, 'bad-argument'],
    [{ policy: 3 }, 'bad-argument'],
    [{ ...schedule, speed: 3 }, 'format'],
    [{ ...schedule, steps: 5, pattern: '10201' }, 'schedule-mismatch'],
    [{ ...schedule, sampler: 'ddim-leading' }, 'schedule-mismatch'],
    [{ ...schedule, policy: 'procash' }, 'unknown-policy'],
  ])('refuses %o', (cache, code) => {
    expect(() => read(cache as CacheSpec)).toThrow(
      expect.objectContaining({ code, remedy: expect.stringMatching(/\S/) }),
    );
  });
});

it.each<[CacheSpec, boolean]>([
  ['procache', true],
  ['procache:B17', true],
  [{ policy: 'procache', mode: 'paper' }, true],
  ['none', false],
  ['fora', false],
  ['fora:3', false],
  [{ policy: 'fora', interval: 3 }, false],
  ['procache_s4x6.3x4.2x7_D21_r0.07', false],
  [{ policy: 'procache', pattern: '1020' }, false],
  [schedule, false],
])('a run with %o may take a schedule of the folder: %o', (cache, expected) => {
  expect(mayTakeSchedule(cache)).toBe(expected);
});
