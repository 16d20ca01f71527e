import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ditXl2 } from '../published-models.ts';
import { ditSampler } from '../samplers/sampler.ts';
import { scheduleToJson } from '../schedule/schedule.ts';
import { proCacheModes, ratioSchedules, type ScheduleSettings, scoreKinds } from '../schedule/settings.ts';
import type { CacheSpec } from './cache-spec.ts';
import { compileRunPlan } from './compile.ts';
import { foraPattern } from './fora.ts';
import { patternOfPlan, scheduleOfPlan } from './schedule-of-plan.ts';

const compile = (cache: CacheSpec, steps: number) =>
  compileRunPlan({ model: ditXl2, sampler: ditSampler, steps, guidanceScale: 1.5, label: 1, cache });

describe('scheduleOfPlan', () => {
  const settings: fc.Arbitrary<ScheduleSettings & { pattern: string }> = fc.record(
    {
      pattern: fc.stringMatching(/^1[012]{0,49}$/),
      mode: fc.constantFrom(...proCacheModes),
      deepLayerStart: fc.nat(28),
      tokenRatio: fc.double({ min: 0, max: 1, noNaN: true }).map(Math.abs),
      ratioSchedule: fc.constantFrom(...ratioSchedules),
      // the only one that asks for cross-attention
      score: fc.constantFrom(...scoreKinds.filter((score) => score !== 'cross-entropy')),
      staleness: fc.constantFrom(null, { weight: 0.5, period: 3 }),
      bonus: fc.constantFrom(null, { window: 4, ratio: 0.4 }),
      shareCfg: fc.boolean(),
    },
    { requiredKeys: ['pattern'] },
  );

  it('makes any ProCache plan again, from its name alone', () => {
    fc.assert(
      fc.property(settings, (some) => {
        const steps = some.pattern.length;
        const plan = compile({ policy: 'procache', ...some }, steps);
        const schedule = scheduleOfPlan(plan);
        expect(schedule.pattern).toBe(some.pattern);
        expect(compile(schedule, steps)).toEqual(plan);
        expect(compile(plan.policy, steps)).toEqual(plan);
      }),
    );
  });

  it('takes the pattern of other policies', () => {
    expect(scheduleToJson(scheduleOfPlan(compile('fora:3', 10)))).toEqual({
      format: 'webdit-schedule/1',
      policy: 'procache',
      steps: 10,
      sampler: 'ddim-respaced',
      pattern: foraPattern(10, 3),
    });
    expect(scheduleOfPlan(compile('none', 4)).pattern).toBe('1111');
  });

  it('sees selective steps that recompute no token', () => {
    const plan = compile({ policy: 'procache', pattern: '12111102' }, 8);
    expect([1, 7].map((n) => plan.steps[n]?.kind)).toEqual(['reuse', 'selective']);
    expect(patternOfPlan(plan)).toBe('12111102');
  });
});
