import { expect, it } from 'vitest';
import { ditXl2 } from '../published-models.ts';
import { ditSampler } from '../samplers/sampler.ts';
import { estimateCost } from './estimate.ts';

const run = { model: ditXl2, sampler: ditSampler, steps: 50, guidanceScale: 1.5, label: 1 };

it('counts the released pattern: 10 selective steps, 3 of which recompute nothing, 8.201 published TFLOPs', () => {
  const { plan, kinds, idle, flops } = estimateCost({ ...run, cache: 'procache:s4x6.3x4.2x7' });
  expect(plan.policy).toBe('procache_s4x6.3x4.2x7_D21_r0.07');
  expect(kinds).toEqual({ full: 17, reuse: 26, selective: 7 });
  expect(idle).toEqual([2, 6, 10]);
  expect((flops.published.total / 1e12).toFixed(3)).toBe('8.201');
  expect(flops.executed.total).toBe(plan.steps.reduce((sum, step) => sum + step.flops, 0));
});

it('refuses a schedule that does not fit, with the policy’s sentence', () => {
  const cache = { policy: 'procache', pattern: '12', deepLayerStart: 29 };
  expect(() => estimateCost({ ...run, steps: 2, cache })).toThrow(
    expect.objectContaining({ code: 'schedule-mismatch', message: expect.stringContaining('28 layers') }),
  );
});
