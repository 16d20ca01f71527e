import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runFlops } from '../flops.ts';
import type { StepCompute } from '../plan.ts';
import { ditXl2 } from '../published-models.ts';
import { ditSampler } from '../samplers/sampler.ts';
import { type CacheSpec, readCacheSpec } from './cache-spec.ts';
import { compileRunPlan, type RunOptions } from './compile.ts';
import { interpolationWeights } from './forecast-steps.ts';

const options: RunOptions = { model: ditXl2, sampler: ditSampler, steps: 50, guidanceScale: 1.5, label: 1 };
const compile = (cache: CacheSpec, more: Partial<RunOptions> = {}) => compileRunPlan({ ...options, ...more, cache });
const letters = { full: 'F', reuse: 'r', selective: 's', forecast: 'T', skip: '-' } as const;
const kinds = (cache: CacheSpec, more: Partial<RunOptions> = {}) =>
  compile(cache, more)
    .steps.map(({ kind }) => letters[kind])
    .join('');
const count = (text: string, letter: string) => text.split(letter).length - 1;

describe('full steps of 50, as published', () => {
  it.each([
    ['taylorseer:N3_O3', 18],
    ['taylorseer:N4_O4', 14],
    ['taylorseer:5', 11],
    ['taylorseer:6', 10],
    ['delta-dit:3', 18],
  ])('%s: %i', (cache, full) => {
    expect(count(kinds(cache), 'F')).toBe(full);
  });
});

describe('toca', () => {
  const tera = (cache: string) => runFlops(ditXl2, compile(cache)).published;

  it('costs what was published with the quirk of the authors, and what it should without', () => {
    expect((tera('toca:N3_compat').total / 1e12).toFixed(3)).toBe('10.233');
    expect(tera('toca:N3_compat').ratio.toFixed(3)).toBe('2.320');
    expect((tera('toca:N3').total / 1e12).toFixed(3)).toBe('11.125');
  });

  it('computes only block 0 in full where the cycle that begins does not divide the index', () => {
    const { steps } = compile('toca:N3_compat');
    const mixed = steps.filter(({ attnLayers }) => attnLayers);
    // Indices count down from 49.
    expect(mixed.map(({ n }) => 49 - n)).toEqual([45, 32]);
    for (const { attnLayers, mlpTokens } of mixed) {
      expect(attnLayers).toEqual([0]);
      expect(mlpTokens?.[0]).toBe(256);
      expect(mlpTokens?.[1]).toBeLessThan(256);
    }
    expect(count(kinds('toca:N3'), 'F')).toBe(count(kinds('toca:N3_compat'), 'F') + 2);
  });

  it('recomputes tokens of every layer, more of them later and deeper', () => {
    const partial = compile('toca').steps.filter(({ kind }) => kind === 'selective');
    const last = partial.at(-1)?.mlpTokens as readonly number[];
    expect(last).toHaveLength(28);
    expect(last.every((k, layer) => layer === 0 || k >= (last[layer - 1] as number))).toBe(true);
    expect(last[0]).toBeGreaterThan(partial[0]?.mlpTokens?.[0] as number);
  });
});

describe('duca', () => {
  it('takes aggressive and conservative steps in turn, each full step first', () => {
    const steps = kinds('duca:N3');
    expect(steps).toMatch(/^F/);
    // The step before a full one stands at 1: conservative.
    expect(steps.replaceAll('s', 'r')).toMatch(/^(Fr?(-r)*)+$/);
    expect(count(steps, '-')).toBeGreaterThan(5);
  });

  it('costs what was published, with the quirk of the authors', () => {
    expect(runFlops(ditXl2, compile('duca:N3_compat')).published.ratio.toFixed(2)).toBe('2.48');
  });

  it('keeps the state of the latest computed step before each skip, and nothing else', () => {
    const { steps } = compile('duca:N5');
    for (const [n, { kind, stack }] of steps.entries()) {
      if (kind !== 'skip') expect(stack !== undefined, `step ${n}`).toBe(steps[n + 1]?.kind === 'skip');
    }
  });
});

describe('delta-dit', () => {
  it('skips the rear blocks before the cut-off and the front ones after it', () => {
    const { steps } = compile('delta-dit:N3_b50_c40');
    for (const { n, kind, stack } of steps) {
      if (kind !== 'skip') continue;
      // The full step at 22 is the first after the cut-off.
      expect(stack, `step ${n}`).toEqual(
        n < 22 ? { first: 14, last: 28, keep: 'residual' } : { first: 0, last: 14, keep: 'residual' },
      );
    }
  });
});

describe('taylorseer', () => {
  it('of order 0 is reuse', () => {
    const { steps } = compile('taylorseer:N3_O0');
    expect(steps.every(({ kind, forecast }) => kind !== 'forecast' && !forecast)).toBe(true);
  });

  it('looks back on as many full steps as there are, up to its order', () => {
    const forecasts = compile('taylorseer:N3_O3', { steps: 20 }).steps.flatMap(({ forecast }) => forecast ?? []);
    expect(forecasts.map((weights) => weights.length)).toEqual([2, 2, 3, 3, ...Array(8).fill(4)]);
  });

  it('needs every full step of its past: it can resume only at its first', () => {
    const { steps } = compile('taylorseer:N5_O1');
    expect(steps.flatMap(({ n, checkpoint }) => (checkpoint ? [n] : []))).toEqual([0]);
  });

  it('forecasts polynomials exactly on uneven spacing', () => {
    const spacing = fc.uniqueArray(fc.integer({ min: 0, max: 30 }), { minLength: 2, maxLength: 5 });
    fc.assert(
      fc.property(spacing, fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 5, maxLength: 5 }), (gaps, c) => {
        const nodes = gaps.toSorted((a, b) => b - a);
        const at = (nodes[0] as number) + 3;
        const polynomial = (x: number) =>
          nodes.reduce((sum, _, power) => sum + (c[power] as number) * (x / 30) ** power, 0);
        const weights = interpolationWeights(nodes, at);
        const forecast = nodes.reduce((sum, node, i) => sum + (weights[i] as number) * polynomial(node), 0);
        const scale = weights.reduce((sum, weight) => sum + Math.abs(weight), 1);
        expect(Math.abs(forecast - polynomial(at))).toBeLessThan(1e-12 * scale * 100);
      }),
    );
  });

  it('forecasts a line from two full steps and a parabola from three', () => {
    expect(interpolationWeights([7, 3], 9)).toEqual([1.5, -0.5]);
    const weights = interpolationWeights([7, 3, 2], 9);
    expect(weights.reduce((sum, w, i) => sum + w * [49, 9, 4][i]!, 0)).toBeCloseTo(81, 12);
  });
});

describe('the name of a run', () => {
  const specs = ['toca', 'toca:N4_compat', 'duca:N5_r0.1', 'delta-dit:N2_b33_c70', 'taylorseer:N4_O1'];
  it.each(specs)('%s makes it again', (cache) => {
    const plan = compile(cache);
    expect(compile(plan.policy)).toEqual(plan);
  });

  it.each([
    ['taylorseer:N3_N4', /repeats a setting/],
    ['taylorseer:O', /means nothing/],
    ['taylorseer:N3_x', /means nothing/],
    ['taylorseer:O5', /sets order to 5/],
    ['fora:03', /"03" in "fora:03" means nothing/],
    ['fora:3.0', /means nothing/],
    ['fora:1001', /sets interval to 1001/],
    ['toca:N0', /sets interval to 0/],
    ['duca:r2', /sets tokenRatio to 2/],
    ['delta-dit:b1', undefined],
  ])('%s is refused', (cache, message) => {
    const small = { ...options, model: { ...ditXl2, depth: 12 } };
    expect(() => compileRunPlan({ ...small, cache })).toThrow(
      expect.objectContaining({ code: 'bad-argument', ...(message && { message: expect.stringMatching(message) }) }),
    );
    expect(() => readCacheSpec({ policy: 'toca', compat: 1 }, { steps: 50, sampler: 'x' })).not.toThrow();
  });
});

it('every step of each is one that the checks of plans let through', () => {
  const policies = ['toca', 'toca:N5_compat', 'duca', 'duca:7', 'delta-dit', 'taylorseer:N6_O4'];
  for (const cache of policies) {
    for (const steps of [1, 2, 3, 7, 20, 50]) {
      const plan = compile(cache, { steps });
      expect(plan.steps[0]?.kind satisfies StepCompute['kind'] | undefined).toBe('full');
      expect(plan.steps).toHaveLength(steps);
    }
  }
});
