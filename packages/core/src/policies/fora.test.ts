import { describe, expect, it } from 'vitest';
import { ditXl2 } from '../published-models.ts';
import { ditSampler } from '../samplers/sampler.ts';
import { readJson } from '../testing/goldens.ts';
import { compileRunPlan, type RunOptions } from './compile.ts';
import { foraPattern } from './fora.ts';

const options: RunOptions = { model: ditXl2, sampler: ditSampler, steps: 50, guidanceScale: 1.5, label: 1 };

describe('fora', () => {
  it.each([
    [1, 50],
    [2, 26],
    [3, 18],
    [4, 14],
    [5, 11],
    [6, 10],
    [49, 2],
    [1000, 2],
  ])('has, at an interval of %i, %i full steps of 50', (interval, full) => {
    const plan = compileRunPlan({ ...options, cache: { policy: 'fora', interval } });
    expect(plan.steps.filter(({ kind }) => kind === 'full')).toHaveLength(full);
    expect(plan.policy).toBe(`fora_N${interval}`);
    expect(plan.steps[0]?.kind).toBe('full');
    expect(plan.steps[49]?.kind).toBe('full');
    expect(plan.derived).toBe(false);
    expect(plan.selection).toBeNull();
  });

  it('visits the full steps of the golden run', () => {
    const { cases } = readJson('goldens/procache-28-tiny/golden.json') as {
      cases: { name: string; cache: { pattern: string } }[];
    };
    expect(foraPattern(50, 3)).toBe(cases.find(({ name }) => name === 'fora3')?.cache.pattern);
  });

  it('stores the cache only where the next step reads it', () => {
    const plan = compileRunPlan({ ...options, steps: 5, cache: 'fora' });
    expect(plan.steps.map(({ kind, storesCache = false }) => [kind, storesCache])).toEqual([
      // 11001: nothing reads the first step
      ['full', false],
      ['full', true],
      ['reuse', false],
      ['reuse', false],
      ['full', false],
    ]);
  });

  it.each([0, -1, 1.5, 1001, '3', null])('refuses an interval of %s', (interval) => {
    expect(() => compileRunPlan({ ...options, cache: { policy: 'fora', interval } })).toThrow(
      expect.objectContaining({ code: 'bad-argument', message: expect.stringMatching(/interval/) }),
    );
  });

  it('refuses settings it does not have', () => {
    expect(() => compileRunPlan({ ...options, cache: { policy: 'fora', pattern: '10' } })).toThrow(
      expect.objectContaining({ code: 'bad-argument', message: expect.stringMatching(/"pattern"/) }),
    );
  });
});
