import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ditXl2 } from '../published-models.ts';
import { ditSampler, samplerName } from '../samplers/sampler.ts';
import { type Calibration, parseCalibration } from '../schedule/calibration.ts';
import type { CacheSpec } from './cache-spec.ts';
import { compileRunPlan, type RunOptions } from './compile.ts';
import { magCacheList } from './magcache.ts';
import { policyNames } from './registry.ts';
import { smoothCacheList } from './smoothcache.ts';

const emoji = parseCalibration(
  JSON.parse(readFileSync('models/emoji-dit/calibration/ddim-respaced-50.json', 'utf8')),
  'of emoji-dit',
);
const own: Calibration = { ...emoji, sampler: samplerName(ditSampler) };
const options: RunOptions = { model: ditXl2, sampler: ditSampler, steps: 50, guidanceScale: 1.5, label: 1 };
const compile = (cache: CacheSpec, more: Partial<RunOptions> = {}) =>
  compileRunPlan({ ...options, calibrations: [own], ...more, cache });
const digits = (list: readonly boolean[]) => list.map(Number).join('');
const change = fc.double({ min: 0, max: 0.5, noNaN: true });

describe('smoothcache', () => {
  it('reuses for as long as the change stays within the threshold, and computes the first step and the last', () => {
    const table = fc.integer({ min: 2, max: 30 }).chain((steps) =>
      fc.tuple(
        fc.constant(steps),
        fc.tuple(
          ...[1, 2, 3].map((k) => {
            const length = Math.max(0, steps - k);
            return fc.array(change, { minLength: length, maxLength: length });
          }),
        ),
      ),
    );
    fc.assert(
      fc.property(table, change, ([steps, changes], threshold) => {
        const list = smoothCacheList(changes, steps, threshold);
        expect(list).toHaveLength(steps);
        const computed = list.flatMap((is, n) => (is ? [n] : []));
        expect(computed[0]).toBe(0);
        expect(computed.at(-1)).toBe(steps - 1);
        for (const [i, n] of computed.entries()) {
          if (n === steps - 1) continue;
          const room = steps - 2 - n;
          const allowed = [3, 2, 1].find((k) => k <= room && (changes[k - 1]?.[n] as number) <= threshold) ?? 0;
          expect((computed[i + 1] as number) - n - 1).toBe(allowed);
        }
      }),
    );
  });

  it('reuses longest early on emoji-dit, and computes both last steps', () => {
    const { attn, mlp } = emoji.branchChange;
    expect(digits(smoothCacheList(attn, 50, 0.18))).toBe('10001000100101010101010010010010010001000100010011');
    expect(digits(smoothCacheList(mlp, 50, 0.18))).toBe('10001000100010101010101010101001001001001001001011');
    for (const changes of [attn, mlp]) {
      const list = smoothCacheList(changes, 50, 0.18);
      const density = (part: readonly boolean[]) => part.filter((is) => is).length / part.length;
      expect(density(list.slice(12))).toBeGreaterThan(density(list.slice(0, 12)));
    }
  });

  it('computes both branches, one of them, or none', () => {
    const { steps } = compile('smoothcache:a0.18');
    const all = Array.from({ length: 28 }, (_, layer) => layer);
    const attn = smoothCacheList(emoji.branchChange.attn, 50, 0.18);
    const mlp = smoothCacheList(emoji.branchChange.mlp, 50, 0.18);
    for (const { n, kind, attnLayers, mlpTokens } of steps) {
      const expected = attn[n] ? (mlp[n] ? 'full' : 'selective') : mlp[n] ? 'selective' : 'reuse';
      expect(kind, `step ${n}`).toBe(expected);
      if (kind !== 'selective') continue;
      expect(attnLayers).toEqual(attn[n] ? all : undefined);
      expect(mlpTokens).toEqual(all.map(() => (mlp[n] ? 256 : 0)));
    }
    expect(steps.filter(({ kind }) => kind === 'selective').length).toBeGreaterThan(5);
  });

  it('computes every step at threshold 0', () => {
    expect(compile('smoothcache:a0').steps.every(({ kind }) => kind === 'full')).toBe(true);
  });
});

describe('magcache', () => {
  const settings = fc.record({
    threshold: fc.double({ min: 0, max: 0.3, noNaN: true }),
    skips: fc.integer({ min: 0, max: 5 }),
    retained: fc.double({ min: 0, max: 1, noNaN: true }),
  });

  it('skips just where the errors since the last computed step add up to no more than the threshold', () => {
    const ratios = fc.array(fc.double({ min: 0.8, max: 1.2, noNaN: true }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(ratios, settings, (list, given) => {
        const computed = magCacheList(list, given);
        expect(computed).toHaveLength(list.length + 1);
        expect(computed[0]).toBe(true);
        for (let n = 1; n <= list.length; n++) {
          if (n < Math.round(given.retained * computed.length)) {
            expect(computed[n]).toBe(true);
            continue;
          }
          const last = computed.slice(0, n).lastIndexOf(true);
          const products = Array.from({ length: n - last }, (_, i) =>
            list.slice(last, last + i + 1).reduce((product, ratio) => product * ratio, 1),
          );
          const error = products.reduce((sum, product) => sum + Math.abs(1 - product), 0);
          expect(computed[n]).toBe(!(error <= given.threshold && n - last <= given.skips));
        }
      }),
    );
  });

  it('skips the whole stack, up to three steps in a row after the first fifth', () => {
    const plan = compile('magcache');
    const text = plan.steps.map(({ kind }) => (kind === 'full' ? '1' : '0')).join('');
    expect(text).toBe('11111111110001000100010001000100100100100100101010');
    for (const { kind, stack } of plan.steps) {
      if (kind === 'skip') expect(stack).toEqual({ first: 0, last: 28, keep: 'residual' });
    }
  });
});

describe('policies that need a calibration', () => {
  it.each(['smoothcache:a0.2', 'magcache:t0.1_k2_r0.3', 'teacache:t0.15_d4'])(
    '%s is made again by its name',
    (cache) => {
      const plan = compile(cache);
      expect(compile(plan.policy)).toEqual(plan);
    },
  );

  it('are not what teacache is without a polynomial', () => {
    const plan = compile('teacache:t0.05_d0', { steps: 8, calibrations: [] });
    expect(compile(plan.policy, { steps: 8, calibrations: [] })).toEqual(plan);
    expect(compile('teacache:t0.05_d1').decision).not.toEqual(compile('teacache:t0.05_d2').decision);
  });

  it.each(['smoothcache', 'magcache', 'teacache:d4'])('%s says which one is missing', (cache) => {
    const [policy] = cache.split(':');
    const message = `The cache policy "${policy}" needs a calibration for 40 steps of ${own.sampler}, and the model has none.`;
    expect(() => compile(cache, { steps: 40 })).toThrow(
      expect.objectContaining({ code: 'schedule-mismatch', message }),
    );
    const other = { ...own, sampler: 'another' };
    expect(() => compile(cache, { calibrations: [other] })).toThrow(
      expect.objectContaining({ code: 'schedule-mismatch' }),
    );
  });
});

describe('parseCalibration', () => {
  it('reads what it wrote', () => {
    expect(parseCalibration(JSON.parse(JSON.stringify(emoji)), 'a.json')).toEqual(emoji);
    const { attn, mlp } = emoji.branchChange;
    const crossed = { ...emoji, branchChange: { attn, cross: mlp, mlp } };
    expect(parseCalibration(JSON.parse(JSON.stringify(crossed)), 'a.json')).toEqual(crossed);
  });

  it.each<[string, object, RegExp]>([
    ['an unknown key', { speed: 3 }, /sets "speed"/],
    ['another format', { format: 'webdit-schedule/1' }, /sets format/],
    ['a single step', { steps: 1 }, /sets steps to 1/],
    ['too few ratios', { residualRatio: [1] }, /sets residualRatio/],
    ['a negative change', { inputChange: emoji.inputChange.map(() => -1) }, /sets inputChange/],
    ['too few lags', { branchChange: { ...emoji.branchChange, attn: [[]] } }, /branchChange sets attn/],
    ['an unknown branch', { branchChange: { ...emoji.branchChange, text: [] } }, /branchChange sets "text"/],
  ])('refuses %s', (_, change, message) => {
    expect(() => parseCalibration({ ...emoji, ...change }, 'a.json')).toThrow(
      expect.objectContaining({ code: 'format', message: expect.stringMatching(message) }),
    );
  });
});

describe('a run of the last steps', () => {
  it('has the calibration of the whole run, from its first step on', () => {
    const { branchChange, residualRatio } = own;
    const digitsOf = (cache: CacheSpec, first: number) =>
      compile(cache, { first })
        .steps.map(({ kind }) => (kind === 'full' ? 1 : 0))
        .join('');
    for (const first of [10, 35]) {
      const magnitudes = { threshold: 0.06, skips: 3, retained: 0.2 };
      expect(digitsOf('magcache', first)).toBe(digits(magCacheList(residualRatio.slice(first), magnitudes)));
      const attn = smoothCacheList(
        branchChange.attn.map((list) => list.slice(first)),
        50 - first,
        0.18,
      );
      expect(
        compile('smoothcache:a0.18', { first }).steps.map(({ attnLayers, kind }) => kind === 'full' || !!attnLayers),
      ).toEqual(attn);
    }
  });

  it.each(policyNames())('is planned by %s, however few there are', (policy) => {
    for (const first of [1, 25, 45, 47, 48, 49]) {
      const { steps } = compile(policy, { first });
      expect(steps).toHaveLength(50 - first);
      expect(steps[0]).toMatchObject({ n: 0, kind: 'full' });
    }
  });
});
