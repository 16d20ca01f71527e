import { describe, expect, it } from 'vitest';
import { conditioningFlops, executed } from '../flops.ts';
import type { StepCompute } from '../plan.ts';
import { ditXl2, pixArtXl2 } from '../published-models.ts';
import { ditSampler, samplerSteps } from '../samplers/sampler.ts';
import { injectSelective } from '../schedule/pattern.ts';
import type { CacheSpec } from './cache-spec.ts';
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

  it('plans the last steps of a run by themselves, without the schedules of whole runs', () => {
    const schedule = { format: 'webdit-schedule/1', policy: 'procache', sampler: 'ddim-respaced' } as const;
    const schedules = [
      { ...schedule, steps: 50, pattern: injectSelective('10'.repeat(25)) },
      { ...schedule, steps: 20, pattern: injectSelective('10'.repeat(10)) },
    ];
    const whole = compileRunPlan({ ...options, schedules, cache: 'procache' });
    const tail = compileRunPlan({ ...options, schedules, cache: 'procache', first: 30 });
    expect([whole.derived, tail.derived]).toEqual([false, true]);
    const timesteps = whole.steps.map(({ timestep }) => timestep);
    expect(tail.steps.map(({ timestep }) => timestep)).toEqual(timesteps.slice(30));
    expect(tail.steps.map(({ n }) => n)).toEqual(Array.from({ length: 20 }, (_, n) => n));
    // The pattern derived for 20 steps, whatever their timesteps.
    expect(tail.policy).toBe(compileRunPlan({ ...options, steps: 20, cache: 'procache' }).policy);
    expect(tail.steps[0]).toMatchObject({ kind: 'full', checkpoint: true });
  });

  it('takes a pattern for the steps that are left, and says how many those are', () => {
    const cache = (steps: number) => ({ policy: 'procache', pattern: injectSelective('10'.repeat(steps / 2)) });
    expect(compileRunPlan({ ...options, first: 30, cache: cache(20) })).toMatchObject({ derived: false });
    for (const wrong of [
      cache(50),
      { ...cache(50), format: 'webdit-schedule/1', steps: 50, sampler: 'ddim-respaced' },
    ]) {
      expect(() => compileRunPlan({ ...options, first: 30, cache: wrong as CacheSpec })).toThrow(
        expect.objectContaining({
          code: 'schedule-mismatch',
          message: expect.stringMatching(/ for 50 steps, but the run has 20\.$/),
          remedy: expect.stringMatching(/A run from a picture has the last 20 of its 50 steps, /),
        }),
      );
    }
  });

  it('asks no policy about a run without steps, and knows it nevertheless', () => {
    const plan = compileRunPlan({ ...options, first: 50, cache: 'procache:B17' });
    expect(plan).toMatchObject({ policy: 'none', steps: [], labels: [207, 1000] });
    expect(() => compileRunPlan({ ...options, first: 50, cache: 'nonsense' })).toThrow(
      expect.objectContaining({ code: 'unknown-policy', remedy: expect.not.stringContaining('picture') }),
    );
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
        kind: 'dit',
        depth: 28,
        branches: ['attn', 'mlp'],
        tokens: 256,
        grid: { rows: 16, columns: 16 },
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

  it('runs a text model on its captions, and counts their tokens', () => {
    const { label: _, ...run } = { ...options, model: pixArtXl2, steps: 3 };
    const plan = compileRunPlan(run);
    expect(plan).toMatchObject({ labels: [0, 1], captionTokens: 120, guidance: { channels: 4 } });
    expect(compileRunPlan({ ...run, guidanceScale: 1 }).labels).toEqual([0]);
    const short = compileRunPlan({ ...run, captionTokens: 20 });
    expect(short.captionTokens).toBe(20);
    const full: StepCompute = { kind: 'full' };
    expect(plan.steps.map(({ flops }) => flops)).toEqual([
      executed(pixArtXl2, 2, full) + conditioningFlops(pixArtXl2, 2),
      executed(pixArtXl2, 2, full),
      executed(pixArtXl2, 2, full),
    ]);
    expect(short.steps[1]?.flops).toBe(executed(pixArtXl2, 2, full, null, 20));
    for (const captionTokens of [0, 121, 1.5]) {
      expect(() => compileRunPlan({ ...run, captionTokens })).toThrow(/A caption of .* up to 120/);
    }
  });

  it('refuses a class for a text model, and captions or no class for a DiT', () => {
    const refused = (change: Partial<RunOptions>) => {
      try {
        compileRunPlan({ ...options, ...change });
      } catch (error) {
        return error;
      }
      return null;
    };
    expect(refused({ model: pixArtXl2 })).toMatchObject({
      code: 'bad-argument',
      message: 'The run has the class id 207, but the model draws from a text and knows no classes.',
    });
    expect(refused({ captionTokens: 20 })).toMatchObject({
      code: 'bad-argument',
      message: 'The run has a number of caption tokens, but the model draws a class and reads no text.',
    });
    expect(refused({ label: undefined })).toMatchObject({
      code: 'unknown-label',
      message: 'The run has no class id, and the model draws nothing without one.',
    });
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
