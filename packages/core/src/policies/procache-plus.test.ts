import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ditXl2 } from '../published-models.ts';
import { ditSampler, samplerSteps } from '../samplers/sampler.ts';
import type { Schedule } from '../schedule/schedule.ts';
import type { CacheSpec } from './cache-spec.ts';
import { compileRunPlan, type RunOptions } from './compile.ts';
import { predictionSteps } from './prediction-steps.ts';

const options: RunOptions = { model: ditXl2, sampler: ditSampler, steps: 10, guidanceScale: 1.5, label: 1 };
const compile = (cache: CacheSpec, more: Partial<RunOptions> = {}) => compileRunPlan({ ...options, ...more, cache });
const schedule = (pattern: string, more: Partial<Schedule> = {}): Schedule => ({
  format: 'webdit-schedule/1',
  policy: 'procache+',
  steps: pattern.length,
  sampler: 'ddim-respaced',
  pattern,
  ...more,
});

describe('procache+', () => {
  it('forecasts the predictions between the full steps of any pattern, and corrects the latents where they end', () => {
    const pattern = '1101000101';
    const { steps, policy, derived } = compile({ policy: 'procache+', pattern, order: 2, correction: 0.25 });
    expect([policy, derived]).toEqual(['procache+_p1x1.10x1.1000x1.10x1.1x1_O2_c0.25', false]);
    const expected = predictionSteps(pattern, { order: 2, correction: 0.25 }, samplerSteps(ditSampler, 10));
    expect(steps.map(({ kind, predictions }) => ({ kind, ...(predictions ? { predictions } : {}) }))).toEqual(expected);
    expect(steps.map(({ kind }) => (kind === 'full' ? '1' : '0')).join('')).toBe(pattern);
  });

  it('takes the schedule of the folder with this many full steps, or the nearest to a third, else derives one', () => {
    const schedules = [schedule('1101010101'), schedule('1100100100', { order: 2, correction: 0 })];
    const planned = (cache: CacheSpec) => {
      const { policy, derived } = compile(cache, { schedules });
      return [policy, derived];
    };
    expect(planned('procache+')).toEqual(['procache+_p1x1.100x3_O2_c0', false]);
    expect(planned('procache+:O3')).toEqual(['procache+_p1x1.100x3_O3_c0', false]);
    expect(planned('procache+:B6')).toEqual(['procache+_p1x1.10x4.1x1_O1_c0.5', false]);
    expect(planned('procache+:B5')).toEqual(['procache+_p1x1.10x1.100x1.10x2_O1_c0.5', true]);
  });

  it('refuses a schedule with settings it does not have', () => {
    const other = schedule('1101010101', { tokenRatio: 0.1 });
    expect(() => compile('procache+', { schedules: [other] })).toThrow(/its schedule sets "tokenRatio"/);
  });

  it('derives a pattern whose first two steps and last but one are full', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 60 }), fc.integer({ min: 1, max: 60 }), (steps, wanted) => {
        const budget = Math.min(wanted, steps);
        const kinds = compile({ policy: 'procache+', budget }, { steps }).steps.map(({ kind }) => kind);
        expect(kinds.filter((kind) => kind === 'full')).toHaveLength(budget);
        expect(kinds[0]).toBe('full');
        if (budget > 1) expect(kinds[1]).toBe('full');
        if (budget > 2) expect(kinds.at(budget < steps ? -2 : -1)).toBe('full');
      }),
    );
  });

  it('has a name that makes the run again', () => {
    for (const cache of ['procache+', 'procache+:B4', 'procache+:B3_O2_c0.3', 'procache+:p110x1.1000x1.100x1']) {
      const plan = compile(cache);
      expect({ ...compile(plan.policy), derived: plan.derived }).toEqual(plan);
    }
  });

  it.each([
    ['procache+:B11', /budget to 11/],
    ['procache+:O5', /order to 5/],
    ['procache+:B4_c1.5', /correction to 1.5/],
    ['procache+:B4_B5', /repeats a setting/],
    ['procache+:x', /means nothing/],
    ['procache+:p1020x1.100x2', /no selective steps/],
  ])('refuses %s', (cache, message) => {
    expect(() => compile(cache)).toThrow(
      expect.objectContaining({ code: 'bad-argument', message: expect.stringMatching(message) }),
    );
  });

  it('leaves procache without an order', () => {
    expect(() => compile({ policy: 'procache', order: 2 })).toThrow(expect.objectContaining({ code: 'bad-argument' }));
  });
});
