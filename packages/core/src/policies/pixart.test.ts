import { describe, expect, it } from 'vitest';
import { runFlops } from '../flops.ts';
import type { StepKind } from '../plan.ts';
import { pixArtXl2 } from '../published-models.ts';
import { chooseSampler, ditSampler, samplerName } from '../samplers/sampler.ts';
import { type Calibration, maxLag } from '../schedule/calibration.ts';
import { type CacheSpec, readCacheSpec } from './cache-spec.ts';
import { checkRunPlan } from './check-plan.ts';
import { compileRunPlan, type RunOptions } from './compile.ts';
import { policyNames } from './registry.ts';
import { scheduleOfPlan } from './schedule-of-plan.ts';
import { smoothCacheList } from './smoothcache.ts';

const sampler = chooseSampler('dpmpp', ditSampler);
const options: RunOptions = { model: pixArtXl2, sampler, steps: 20, guidanceScale: 4.5 };
const compile = (cache: CacheSpec, more: Partial<RunOptions> = {}) => compileRunPlan({ ...options, ...more, cache });
const letters: Readonly<Record<StepKind, string>> = { full: 'F', reuse: 'R', selective: 'S', forecast: 'T', skip: '-' };
const kinds = (cache: CacheSpec, more: Partial<RunOptions> = {}) =>
  compile(cache, more)
    .steps.map(({ kind }) => letters[kind])
    .join('');
const ratioOf = (cache: CacheSpec) => runFlops(pixArtXl2, compile(cache)).published.ratio.toFixed(2);

const all = Array.from({ length: 28 }, (_, layer) => layer);
const deep = all.slice(21);
const released = 'procache_s3x6.2x1_D21_r0.3';
const reversed = 'procache_p1x1.120x6.1x1_D21_r0.3';
const calibration: Calibration = {
  format: 'webdit-calibration/1',
  steps: 20,
  sampler: samplerName(sampler),
  branchChange: { attn: lags(0.02), cross: lags(0.03), mlp: lags(0.05) },
  residualRatio: Array(19).fill(1.01),
  inputChange: Array.from({ length: 19 }, (_, n) => 0.01 + 0.001 * n),
  outputChange: Array.from({ length: 19 }, (_, n) => 0.02 + 0.001 * n),
};

/** A change that grows with the lag, and in the second half of the run. */
function lags(change: number): number[][] {
  return Array.from({ length: maxLag }, (_, i) =>
    Array.from({ length: 19 - i }, (_, n) => change * (i + 1) * (n < 10 ? 1 : 2)),
  );
}

describe('procache as released for PixArt', () => {
  it('is the default: its pattern, and its rule of choosing', () => {
    const plan = compile('procache');
    expect([plan.policy, plan.derived]).toEqual([released, true]);
    expect(plan.selection).toEqual({
      score: 'cross-entropy',
      staleness: { weight: 0.25, period: 3 },
      bonus: { window: 4, ratio: 0.4 },
      shareCfg: true,
    });
    expect(kinds('procache')).toBe('FRSFRSFRSFRSFRSFRSFR');
    for (const { n, kind, scoreLayers, attnLayers } of plan.steps) {
      // the last full step is followed by plain reuse
      expect(scoreLayers, `step ${n}`).toEqual(kind === 'full' && n < 18 ? deep : undefined);
      expect(attnLayers).toBeUndefined();
    }
  });

  // docs/procache.md 3: tokens of 256 in layers 21 and 27, cross-attention and MLP
  it.each([
    [2, [52, 31], [140, 84]],
    [5, [44, 26], [118, 71]],
    [8, [36, 21], [96, 57]],
    [11, [27, 16], [74, 44]],
    [14, [19, 11], [52, 31]],
    [17, [11, 6], [30, 18]],
  ])('recomputes at step %i %j and %j tokens', (n, cross, mlp) => {
    for (const name of [released, reversed]) {
      const { kind, crossTokens = [], mlpTokens = [] } = compile(name).steps[n] ?? {};
      expect(kind).toBe('selective');
      for (const [tokens, ends] of [[crossTokens, cross] as const, [mlpTokens, mlp] as const]) {
        expect(tokens).toHaveLength(28);
        expect(tokens.slice(0, 21)).toEqual(Array(21).fill(0));
        expect([tokens[21], tokens[27]]).toEqual(ends);
        expect(deep.every((layer) => layer === 21 || (tokens[layer] ?? 0) <= (tokens[layer - 1] ?? 0))).toBe(true);
      }
    }
  });

  it('runs backwards as the authors’ code does, by a name that says so of any pattern', () => {
    const plan = compile('procache:reversed');
    expect([plan.policy, plan.derived]).toEqual([reversed, true]);
    expect(kinds('procache:reversed')).toBe('FFSRFSRFSRFSRFSRFSRF');
    expect(compile(plan.policy)).toEqual({ ...plan, derived: false });
    const given = { policy: 'procache', pattern: '10010010010010010202' };
    expect(compile({ ...given, reversed: true }).policy).toBe('procache_p1020x1.100x5.1x1_D21_r0.3');
    expect(compile({ ...given, reversed: false })).toEqual(compile(given));
    expect(() => compile({ policy: 'procache', reversed: 'yes' })).toThrow(/sets reversed to "yes"/);
  });

  it('costs what the papers would count', () => {
    expect([ratioOf(released), ratioOf(reversed)]).toEqual(['2.73', '2.41']);
  });

  it('drops the bonus where its window does not divide both sides', () => {
    const wide = { ...pixArtXl2, latentHeight: 20, latentWidth: 32 };
    const plan = compile('procache', { model: wide });
    expect([plan.policy, plan.selection?.bonus]).toEqual([`${released}_nobonus`, null]);
    expect(compile('procache:bonus2x0.4', { model: wide }).selection?.bonus).toEqual({ window: 2, ratio: 0.4 });
    const refused = () => compile('procache:bonus4x0.4', { model: wide });
    expect(refused).toThrow("The bonus window of 4 does not divide the model's 10 x 16 tokens.");
  });
});

describe('procache as the paper has it', () => {
  it('recomputes a constant share of both branches, by the length of the values, alike in both rows', () => {
    const plan = compile('procache:paper');
    expect(plan.policy).toBe(`${released}_paper`);
    expect(plan.selection).toEqual({ score: 'value-norm', staleness: null, bonus: null, shareCfg: true });
    // floor(0.3 x 256)
    const tokens = all.map((layer) => (layer < 21 ? 0 : 76));
    const selective = plan.steps.filter(({ kind }) => kind === 'selective');
    expect(selective.map(({ n }) => n)).toEqual([2, 5, 8, 11, 14, 17]);
    for (const step of selective) expect([step.crossTokens, step.mlpTokens]).toEqual([tokens, tokens]);
  });

  it('lets each row choose its own on demand', () => {
    const plan = compile('procache:paper_unshared');
    expect(plan.selection?.shareCfg).toBe(false);
    expect(compile(plan.policy)).toEqual({ ...plan, derived: false });
  });
});

describe('toca and duca', () => {
  // full where the step index is divisible by round(3 / (0.8 + 0.4 n / 20)), set anew by each full step: 4 at 0, then 3
  it('count their cycles up, with the shares of PixArt', () => {
    expect(kinds('toca')).toBe('FSSSFSFSSFSSFSSFSSFS');
    const plan = compile('toca');
    expect(plan.policy).toBe('toca_N3_r0.3');
    expect(plan.selection).toEqual(compile('procache').selection);
    expect(ratioOf('toca')).toBe('1.77');
    const { crossTokens = [], mlpTokens = [] } = plan.steps[11] ?? {};
    // floor(256 x 0.3 x (1.9 - 1.8 x 11 / 20) x (1.6 - 1.2 l / 27) x 0.6 or 1.6)
    expect([0, 13, 27].map((layer) => crossTokens[layer])).toEqual([67, 42, 16]);
    expect([0, 13, 27].map((layer) => mlpTokens[layer])).toEqual([178, 114, 44]);
    expect(plan.steps[0]?.scoreLayers).toEqual(all);
  });

  it('round a cycle as the authors’ language does', () => {
    // 2 / 0.8 is 2.5
    expect(kinds('toca:2')).toMatch(/^FSFSF/);
  });

  it('skip every second step of a cycle in duca', () => {
    const plan = compile('duca');
    expect(plan.policy).toBe('duca_N3_r0.75');
    expect(plan.selection).toEqual({ ...compile('procache').selection, score: 'value-norm-negative' });
    expect(kinds('duca')).toBe('FS-SF-FS-FS-FS-FS-FS');
  });

  it.each(['toca', 'duca'])('%s refuses the quirk of the DiT code', (policy) => {
    expect(() => compile({ policy, compat: true })).toThrow(
      expect.objectContaining({ code: 'bad-argument', message: expect.stringMatching(/compat repeats a quirk/) }),
    );
  });
});

describe('the other policies', () => {
  it.each([
    ['none', 'none', 'FFFFFFFFFFFFFFFFFFFF'],
    ['fora', 'fora_N3', 'FFRRFRRFRRFRRFRRFRRF'],
    ['delta-dit', 'delta-dit_N3_b75_c50', 'FF--F--F--F--F--F--F'],
    ['taylorseer', 'taylorseer_N3_O2', 'FFTTFTTFTTFTTFTTFTTF'],
    ['teacache', 'teacache_t0.06_d0', 'FFFFFFFFFFFFFFFFFFFF'],
    ['dbcache', 'dbcache_F1_B0_t0.08_w8_c0_m0', 'FFFFFFFFFFFFFFFFFFFF'],
    ['procache+', 'procache+_p1x1.100x1.1000x1.100x1.1000x1.100x1.10x1_O1_c0.5', 'FFTTFTTTFTTFTTTFTTFT'],
  ])('%s is %s: %s', (cache, name, steps) => {
    const plan = compile(cache);
    expect([plan.policy, kinds(cache)]).toEqual([name, steps]);
  });

  it('forecast all three branches by one list of weights', () => {
    const forecasts = compile('taylorseer').steps.flatMap(({ forecast }) => (forecast ? [forecast.length] : []));
    expect(new Set(forecasts)).toEqual(new Set([1]));
  });

  it.each(['magcache', 'smoothcache', 'teacache:d2'])('%s says what it misses where nothing was measured', (cache) => {
    expect(() => compile(cache)).toThrow(
      expect.objectContaining({
        code: 'schedule-mismatch',
        message: expect.stringMatching(/needs a calibration for 20/),
      }),
    );
    expect(compile(cache, { calibrations: [calibration] }).steps).toHaveLength(20);
  });

  it('smoothcache computes each of the three branches on a list of its own', () => {
    const { steps } = compile('smoothcache:a0.1', { calibrations: [calibration] });
    const { attn, cross = [], mlp } = calibration.branchChange;
    const [attnAt, crossAt, mlpAt] = [attn, cross, mlp].map((changes) => smoothCacheList(changes, 20, 0.1));
    const seen = new Set<string>();
    for (const { n, kind, attnLayers, crossTokens, mlpTokens } of steps) {
      const computed = [attnAt?.[n], crossAt?.[n], mlpAt?.[n]];
      seen.add(computed.map(Number).join(''));
      const some = computed.includes(true);
      expect(kind, `step ${n}`).toBe(computed.includes(false) ? (some ? 'selective' : 'reuse') : 'full');
      if (kind !== 'selective') continue;
      expect(attnLayers).toEqual(computed[0] ? all : undefined);
      expect(crossTokens).toEqual(Array(28).fill(computed[1] ? 256 : 0));
      expect(mlpTokens).toEqual(Array(28).fill(computed[2] ? 256 : 0));
    }
    expect([...seen].sort()).toEqual(['000', '001', '011', '100', '110', '111']);
  });

  it('smoothcache needs a calibration that knows cross-attention', () => {
    const { cross: _, ...branchChange } = calibration.branchChange;
    expect(() => compile('smoothcache', { calibrations: [{ ...calibration, branchChange }] })).toThrow(
      /needs a calibration/,
    );
  });
});

it.each([...policyNames(), 'procache:reversed', 'procache:paper', 'toca:N5_r0.1'])(
  'the plan of %s crosses to a worker, and its name makes it again',
  (cache) => {
    const run = { ...options, calibrations: [calibration] };
    const plan = compile(cache, run);
    expect(checkRunPlan(structuredClone(plan), run)).toEqual(plan);
    expect(compile(plan.policy, run)).toEqual({ ...plan, derived: false });
    expect(readCacheSpec(plan.policy, { steps: 20, sampler: plan.sampler }).policy.name).toBe(
      plan.policy.split('_')[0],
    );
  },
);

it('a plan becomes a schedule that makes it again', () => {
  for (const cache of ['procache', 'procache:reversed', 'procache:paper']) {
    const plan = compile(cache);
    expect(compile(scheduleOfPlan(plan))).toEqual({ ...plan, derived: false });
  }
});
