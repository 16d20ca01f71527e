import { describe, expect, it } from 'vitest';
import { executed } from '../flops.ts';
import type { StepCompute } from '../plan.ts';
import { ditXl2 } from '../published-models.ts';
import { ditSampler, samplerSteps } from '../samplers/sampler.ts';
import { compileRunPlan, type RunOptions } from './compile.ts';
import { none } from './none.ts';
import type { CachePolicy } from './policy.ts';
import { getPolicy, policyNames, registerPolicy } from './registry.ts';

const options: RunOptions = { model: ditXl2, sampler: ditSampler, steps: 50, guidanceScale: 1.5, label: 207 };

function custom(name: string, steps: readonly StepCompute[]): CachePolicy {
  return { name, plan: () => ({ name, derived: false, selection: null, steps }) };
}

describe('compileRunPlan', () => {
  it('plans an uncached run', () => {
    const plan = compileRunPlan(options);
    expect(plan).toMatchObject({
      format: 'webdit-plan/1',
      policy: 'none',
      derived: false,
      sampler: 'ddim-respaced',
      guidance: { scale: 1.5, channels: 3 },
      labels: [207, 1000],
      selection: null,
    });
    expect(plan.steps).toHaveLength(50);
    for (const [n, step] of plan.steps.entries()) {
      expect(step).toEqual({
        ...samplerSteps(ditSampler, 50)[n],
        n,
        kind: 'full',
        checkpoint: true,
        flops: executed(ditXl2, 2, { kind: 'full' }),
      });
    }
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
  });

  it('runs one row when guidance is exactly 1', () => {
    expect(compileRunPlan({ ...options, guidanceScale: 1 }).labels).toEqual([207]);
    expect(compileRunPlan({ ...options, guidanceScale: 0 }).labels).toEqual([207, 1000]);
  });

  it('marks full steps as checkpoints, and passes settings to the policy', () => {
    const seen: unknown[] = [];
    registerPolicy({
      name: 'every-other',
      plan: (run, config) => {
        seen.push(run, config);
        const steps = Array.from(
          { length: run.steps },
          (_, n): StepCompute => (n % 2 === 0 ? { kind: 'full', storesCache: true } : { kind: 'reuse' }),
        );
        return { name: 'every-other_2', derived: true, selection: null, steps };
      },
    });
    const plan = compileRunPlan({ ...options, steps: 4, cache: { policy: 'every-other', interval: 2 } });
    expect(plan.policy).toBe('every-other_2');
    expect(plan.steps.map((s) => s.checkpoint)).toEqual([true, false, true, false]);
    expect(seen).toEqual([
      {
        steps: 4,
        sampler: 'ddim-respaced',
        moves: samplerSteps(ditSampler, 4),
        depth: 28,
        tokens: 256,
        hiddenSize: 1152,
        schedules: [],
        calibration: null,
      },
      { interval: 2 },
    ]);
  });

  it.each([
    ['steps', 0],
    ['steps', 1001],
    ['steps', 1.5],
    ['guidanceScale', Number.NaN],
    ['guidanceScale', Number.POSITIVE_INFINITY],
    ['guidanceScale', 1e39],
    ['guidanceChannels', 0],
    ['guidanceChannels', 5],
    ['guidanceChannels', 1.5],
    ['cache', {}],
  ])('refuses %s = %s', (key, value) => {
    expect(() => compileRunPlan({ ...options, [key]: value } as RunOptions)).toThrow(
      expect.objectContaining({ code: 'bad-argument', remedy: expect.stringMatching(/\S/) }),
    );
  });

  it.each([-1, 1000, 1.5])('refuses the class id %s', (label) => {
    expect(() => compileRunPlan({ ...options, label })).toThrow(expect.objectContaining({ code: 'unknown-label' }));
  });

  it.each([
    ['too-short', [{ kind: 'full' }]],
    ['starts-cold', [{ kind: 'reuse' }, { kind: 'full' }]],
    ['stores-nothing', [{ kind: 'full' }, { kind: 'reuse' }]],
  ] as const)('refuses a policy that plans nonsense: %s', (name, steps) => {
    registerPolicy(custom(name, steps));
    expect(() => compileRunPlan({ ...options, steps: 2, cache: name })).toThrow(
      expect.objectContaining({ code: 'schedule-mismatch' }),
    );
  });
});

describe('registry', () => {
  it('knows none, and names the known policies when it knows no other', () => {
    expect(getPolicy('none')).toBe(none);
    expect(() => getPolicy('procash')).toThrow(
      expect.objectContaining({ code: 'unknown-policy', remedy: `Use one of: ${policyNames().join(', ')}.` }),
    );
  });

  it('refuses a second policy of one name, and takes the same one twice', () => {
    registerPolicy(none);
    expect(() => registerPolicy(custom('none', []))).toThrow(expect.objectContaining({ code: 'bad-argument' }));
  });
});
