import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { executed } from '../flops.ts';
import { type DiTConfig, tokenCount } from '../model.ts';
import type { SelectionSpec } from '../plan.ts';
import { ditXl2 } from '../published-models.ts';
import { ditSampler } from '../samplers/sampler.ts';
import { countSteps, injectSelective } from '../schedule/pattern.ts';
import type { Schedule } from '../schedule/schedule.ts';
import { readJson } from '../testing/goldens.ts';
import type { CacheSpec } from './cache-spec.ts';
import { compileRunPlan, type RunOptions } from './compile.ts';
import { patternOfPlan } from './schedule-of-plan.ts';

const options: RunOptions = { model: ditXl2, sampler: ditSampler, steps: 50, guidanceScale: 1.5, label: 1 };
const released = '10201020102010201020102010210210210210101010101010';
const compile = (cache: CacheSpec, more: Partial<RunOptions> = {}) => compileRunPlan({ ...options, ...more, cache });

interface GoldenRun {
  name: string;
  cache: { policy: string; pattern?: string } & Partial<SelectionSpec>;
  class_label: number;
  guidance_scale: number;
  guidance_channels: number;
  timesteps: number[];
  expected_tokens: { n: number; layer: number; rows: number[][] }[];
}

/** The model of the golden runs: 28 blocks of width 32, a grid of 8 x 8 tokens. */
const tiny: DiTConfig = { ...ditXl2, inputSize: 16, hiddenSize: 32, numHeads: 2, mlpHiddenSize: 128, numClasses: 1008 };

describe('the golden runs', () => {
  const { cases } = readJson('goldens/procache-28-tiny/golden.json') as { cases: GoldenRun[] };

  it.each(cases)('$name compiles to its pattern, timesteps and tokens per layer', (golden) => {
    const plan = compileRunPlan({
      model: tiny,
      sampler: ditSampler,
      steps: 50,
      guidanceScale: golden.guidance_scale,
      guidanceChannels: golden.guidance_channels,
      label: golden.class_label,
      cache: golden.cache,
    });
    expect(plan.steps.map(({ timestep }) => timestep)).toEqual(golden.timesteps);
    expect(patternOfPlan(plan)).toBe(golden.cache.pattern ?? '1'.repeat(50));
    expect(plan.derived).toBe(false);
    const expected = new Map(golden.expected_tokens.map(({ n, layer, rows }) => [`${n}/${layer}`, rows]));
    let selected = 0;
    for (const [n, { mlpTokens = [] }] of plan.steps.entries()) {
      for (const [layer, k] of mlpTokens.entries()) {
        const rows = expected.get(`${n}/${layer}`);
        expect(k, `step ${n}, layer ${layer}`).toBe(rows?.[0]?.length ?? 0);
        if (rows) expect(rows[1]).toHaveLength(k);
        expected.delete(`${n}/${layer}`);
        selected += k;
      }
    }
    expect([...expected.keys()]).toEqual([]);
    const { score, staleness, bonus, shareCfg } = golden.cache;
    expect(plan.selection).toEqual(selected > 0 ? { score, staleness, bonus, shareCfg } : null);
  });

  it('are five, and the selective ones check tokens', () => {
    expect(cases.map(({ name, expected_tokens }) => [name, expected_tokens.length])).toEqual([
      ['released', 70],
      ['fora3', 0],
      ['full', 0],
      ['b11', 0],
      ['b11_injected', 119],
    ]);
  });
});

describe('mode released', () => {
  const plan = compile({ policy: 'procache', mode: 'released', pattern: released });

  it('has the default settings of the authors’ script', () => {
    expect(plan.policy).toBe('procache_s4x6.3x4.2x7_D21_r0.07');
    expect(plan.selection).toEqual({
      score: 'attention',
      staleness: { weight: 0.25, period: 4 },
      bonus: { window: 2, ratio: 0.6 },
      shareCfg: false,
    });
  });

  // docs/procache.md 3
  it.each([
    [2, 0, 0],
    [6, 0, 0],
    [10, 0, 0],
    [14, 9, 10],
    [18, 25, 27],
    [22, 41, 45],
    [26, 57, 62],
    [29, 69, 75],
    [32, 81, 88],
    [35, 93, 101],
  ])('recomputes at step %i %i tokens in layer 21 and %i in layer 27', (n, first, last) => {
    const step = plan.steps[n];
    expect(step?.mlpTokens).toHaveLength(28);
    expect([20, 21, 27].map((layer) => step?.mlpTokens?.[layer])).toEqual([0, first, last]);
    expect(step?.kind).toBe(last === 0 ? 'reuse' : 'selective');
  });

  it('is 17 full steps and 10 selective ones, of which 3 recompute nothing and cost what a reuse step costs', () => {
    const selective = plan.steps.filter(({ mlpTokens }) => mlpTokens);
    expect(plan.steps.filter(({ kind }) => kind === 'full')).toHaveLength(17);
    expect(selective).toHaveLength(10);
    const idle = selective.filter(({ kind }) => kind === 'reuse');
    expect(idle).toHaveLength(3);
    for (const { flops } of idle) expect(flops).toBe(plan.steps[1]?.flops);
  });

  it('asks for scores only before the steps that use them', () => {
    const deep = [21, 22, 23, 24, 25, 26, 27];
    const scored = plan.steps.flatMap(({ n, scoreLayers }) => (scoreLayers ? [[n, scoreLayers]] : []));
    expect(scored).toEqual([12, 16, 20, 24, 27, 30, 33].map((n) => [n, deep]));
  });

  it('marks exactly the full steps as checkpoints', () => {
    for (const { kind, checkpoint } of plan.steps) expect(checkpoint).toBe(kind === 'full');
  });

  it('leaves the bonus out on a grid its window does not divide, unless it was asked for', () => {
    const odd = { ...tiny, inputSize: 14 };
    expect(compile('procache', { model: odd }).policy).toBe('procache_s4x6.3x4.2x7_D21_r0.07_nobonus');
    expect(() => compile({ policy: 'procache', bonus: { window: 2, ratio: 0.6 } }, { model: odd })).toThrow(
      expect.objectContaining({ code: 'schedule-mismatch', message: expect.stringMatching(/7 tokens per side/) }),
    );
  });

  it('follows toca-ddpm250 when asked', () => {
    const other = compile({ policy: 'procache', pattern: released, ratioSchedule: 'toca-ddpm250' });
    // n = 14: 0.07 * (1.4 - 0.8 * 35 / 50) * (1.8 - 1.6 * 21 / 27) * 2.5 * 256 = 20.91; layer 27: 7.53
    expect([21, 27].map((layer) => other.steps[14]?.mlpTokens?.[layer])).toEqual([20, 7]);
  });
});

describe('mode paper', () => {
  it('recomputes the same tokens in the deepest quarter, by value norm', () => {
    const plan = compile('procache:paper');
    expect(plan.policy).toBe('procache_s4x6.3x4.2x7_D21_r0.07_paper');
    expect(plan.selection).toEqual({ score: 'value-norm', staleness: null, bonus: null, shareCfg: false });
    const selective = plan.steps.filter(({ kind }) => kind === 'selective');
    expect(selective.map(({ n }) => n)).toEqual([2, 6, 10, 14, 18, 22, 26, 29, 32, 35]);
    // floor(0.07 * 256)
    const tokens = Array.from({ length: 28 }, (_, layer) => (layer < 21 ? 0 : 17));
    for (const { mlpTokens } of selective) expect(mlpTokens).toEqual(tokens);
  });
});

describe('limits', () => {
  it('all full steps plan what no policy plans', () => {
    const all = compile({ policy: 'procache', pattern: '1'.repeat(50) });
    const bare = compile('none');
    expect(JSON.stringify(all.steps)).toBe(JSON.stringify(bare.steps));
    expect(all.selection).toBeNull();
    expect(compile('fora:1').steps).toEqual(bare.steps);
  });

  it('all tokens from layer 0 are every MLP in full, with attention reused', () => {
    const plan = compile({ policy: 'procache', mode: 'paper', pattern: released, deepLayerStart: 0, tokenRatio: 1 });
    for (const { kind, mlpTokens } of plan.steps) {
      if (kind === 'selective') expect(mlpTokens).toEqual(Array(28).fill(256));
    }
    const [, reuse, selective] = plan.steps;
    expect((selective?.flops ?? 0) - (reuse?.flops ?? 0)).toBe(2 * 2 * 28 * 2 * 256 * 1152 * 4608);
  });

  it('no deep layers, or none of the tokens, is plain reuse', () => {
    for (const settings of [{ deepLayerStart: 28 }, { mode: 'paper', tokenRatio: 0 }]) {
      const plan = compile({ policy: 'procache', pattern: released, ...settings });
      expect(patternOfPlan(plan)).toBe(released);
      expect(plan.steps.some(({ kind }) => kind === 'selective')).toBe(false);
      expect(plan.selection).toBeNull();
    }
  });

  it('treats a weight or ratio of 0 as none', () => {
    const plan = compile({ policy: 'procache', staleness: { weight: 0, period: 4 }, bonus: { window: 5, ratio: 0 } });
    expect(plan.selection).toMatchObject({ staleness: null, bonus: null });
    expect(plan.policy).toMatch(/_nostale_nobonus$/);
  });
});

describe('without a pattern', () => {
  it('derives the released one for 50 steps', () => {
    const plan = compile('procache');
    expect(patternOfPlan(plan)).toBe(released);
    expect(plan).toMatchObject({ derived: true, policy: 'procache_s4x6.3x4.2x7_D21_r0.07' });
  });

  it.each([
    [1, '1'],
    [2, '10'],
    [3, '102'],
  ])('plans %i steps as %s', (steps, pattern) => {
    const plan = compile('procache', { steps });
    expect(patternOfPlan(plan)).toBe(pattern);
    expect(plan.derived).toBe(true);
  });

  it('recomputes the deepest quarter of any depth', () => {
    const plan = compile('procache:paper', { model: { ...tiny, depth: 8 } });
    expect(plan.policy).toMatch(/_D6_/);
    expect(plan.steps[2]?.mlpTokens).toEqual([0, 0, 0, 0, 0, 0, 4, 4]);
    expect(compile('procache', { model: { ...tiny, depth: 1 } }).policy).toMatch(/_D0_/);
  });

  it('derives another budget when asked', () => {
    const plan = compile('procache:B11');
    expect(plan.policy).toBe('procache_s6x2.5x2.4x7_D21_r0.07');
    expect(plan.derived).toBe(true);
    expect(compile({ policy: 'procache', budget: 11 })).toEqual(plan);
  });
});

describe('with the schedules of a model folder', () => {
  const schedule = (pattern: string, more: Partial<Schedule> = {}): Schedule => ({
    format: 'webdit-schedule/1',
    policy: 'procache',
    steps: pattern.length,
    sampler: 'ddim-respaced',
    pattern,
    ...more,
  });
  const b17 = schedule(injectSelective(`${'1000'.repeat(8)}${'10'.repeat(9)}`), { tokenRatio: 0.1 });
  const b11 = schedule(injectSelective(`${'100000'.repeat(5)}${'1000'.repeat(2)}${'100'.repeat(4)}`));
  const schedules = [b11, b17, schedule('10', { policy: 'other' }), schedule(released, { sampler: 'ddim-leading' })];

  it('takes the one of the nearest budget, or of the budget asked for', () => {
    expect(compile('procache', { schedules })).toMatchObject({
      policy: 'procache_s4x8.2x9_D21_r0.1',
      derived: false,
    });
    expect(compile('procache:B11', { schedules })).toMatchObject({
      policy: 'procache_s6x5.4x2.3x4_D21_r0.07',
      derived: false,
    });
    expect(compile('procache:B13', { schedules }).derived).toBe(true);
    expect(compile('procache', { schedules: [b11] })).toMatchObject({ derived: false });
  });

  it('lets the caller change single settings, but not the mode it was found for', () => {
    expect(compile('procache:r0.2', { schedules })).toMatchObject({
      policy: 'procache_s4x8.2x9_D21_r0.2',
      derived: false,
    });
    expect(compile('procache:paper', { schedules }).derived).toBe(true);
    expect(compile('procache:paper', { schedules: [{ ...b17, mode: 'paper' }] })).toMatchObject({
      policy: 'procache_s4x8.2x9_D21_r0.1_paper',
      derived: false,
    });
  });

  it('ignores those of other steps, samplers and policies', () => {
    expect(compile('procache', { schedules, steps: 20 }).derived).toBe(true);
    expect(compile('procache', { schedules: schedules.slice(2) }).derived).toBe(true);
  });

  it('prefers the pattern that was given', () => {
    expect(compile({ policy: 'procache', pattern: released }, { schedules }).policy).toMatch(/s4x6\.3x4\.2x7/);
  });
});

describe('refuses', () => {
  it('a pattern of the wrong length, with a remedy', () => {
    expect(() => compile({ policy: 'procache', pattern: released }, { steps: 20 })).toThrow(
      expect.objectContaining({
        code: 'schedule-mismatch',
        message: 'The pattern is for 50 steps, but the run has 20.',
        remedy: 'Run 50 steps, or use a pattern for 20.',
      }),
    );
  });

  it('a deep layer past the last', () => {
    expect(() => compile({ policy: 'procache', deepLayerStart: 29 })).toThrow(
      expect.objectContaining({ code: 'schedule-mismatch', message: expect.stringMatching(/layer 29.*28 layers/) }),
    );
  });

  it.each([
    [{ pattern: '0'.repeat(50) }, /pattern/],
    [{ pattern: released, budget: 17 }, /pattern and a budget/],
    [{ budget: 0 }, /budget/],
    [{ budget: 51 }, /51|50 steps/],
    [{ tokenRatio: 2 }, /tokenRatio/],
    [{ ratio: 0.07 }, /"ratio"/],
    [{ mode: 'fast' }, /mode/],
  ])('settings such as %o', (settings, message) => {
    expect(() => compile({ policy: 'procache', ...settings })).toThrow(
      expect.objectContaining({ code: 'bad-argument', message: expect.stringMatching(message) }),
    );
  });
});

it('plans any run consistently', () => {
  const any = fc.record({
    steps: fc.integer({ min: 1, max: 120 }),
    depth: fc.integer({ min: 1, max: 30 }),
    inputSize: fc.integer({ min: 1, max: 12 }).map((side) => 2 * side),
    mode: fc.constantFrom('paper', 'released'),
    tokenRatio: fc.double({ min: 0, max: 1, noNaN: true }),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  fc.assert(
    fc.property(any, ({ steps, depth, inputSize, mode, tokenRatio, share }) => {
      const model = { ...tiny, depth, inputSize };
      const budget = Math.max(1, Math.round(share * steps));
      const plan = compile({ policy: 'procache', mode, tokenRatio, budget }, { model, steps });
      expect(countSteps(patternOfPlan(plan)).full).toBe(budget);
      expect(plan.steps[0]?.kind).toBe('full');
      const tokens = tokenCount(model);
      for (const step of plan.steps) {
        for (const [layer, k] of (step.mlpTokens ?? []).entries()) {
          expect(Number.isInteger(k) && k >= 0 && k <= tokens).toBe(true);
          if (layer < Math.floor(0.75 * depth)) expect(k).toBe(0);
        }
        expect(step.flops).toBe(executed(model, 2, step, plan.selection));
        if (step.kind === 'selective') expect(step.flops).toBeLessThan(executed(model, 2, { kind: 'full' }));
      }
      // the name makes the same plan again
      expect(compile(plan.policy, { model, steps }).steps).toEqual(plan.steps);
    }),
  );
});
