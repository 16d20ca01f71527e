import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ditXl2 } from '../published-models.ts';
import { ditSampler, samplerName } from '../samplers/sampler.ts';
import { checkRunPlan } from './check-plan.ts';
import { compileRunPlan } from './compile.ts';
import { type DecisionRule, startDeciding } from './decision.ts';
import { fitPolynomial } from './fit-polynomial.ts';

const change = fc.double({ min: 0, max: 0.5, noNaN: true });
const changes = fc.array(change, { maxLength: 50 });

describe('teacache', () => {
  it('skips while what it foresees adds up to less than the threshold', () => {
    fc.assert(
      fc.property(changes, change, (list, threshold) => {
        const rule = { rule: 'teacache', threshold, polynomial: [2, 0.01], range: [0, 0.4] } as const;
        const decider = startDeciding(rule);
        let sum = 0;
        for (const value of list) {
          sum += 2 * Math.min(0.4, value) + 0.01;
          const skip = sum < threshold;
          expect(decider.decide(value)).toBe(skip);
          if (!skip) sum = 0;
        }
      }),
    );
  });
});

describe('dbcache', () => {
  it('skips below the threshold, within its limits', () => {
    const limit = fc.option(fc.integer({ min: 1, max: 5 }));
    fc.assert(
      fc.property(changes, change, limit, limit, (list, threshold, maxContinuous, maxCached) => {
        const decider = startDeciding({ rule: 'dbcache', threshold, maxContinuous, maxCached });
        const decided: boolean[] = [];
        for (const value of list) {
          const inARow = decided.length - 1 - decided.lastIndexOf(false);
          const inAll = decided.filter((skip) => skip).length;
          const free = inARow < (maxContinuous ?? 99) && inAll < (maxCached ?? 99);
          decided.push(decider.decide(value));
          expect(decided.at(-1)).toBe(free && value < threshold);
        }
      }),
    );
  });
});

describe('fitPolynomial', () => {
  it('finds the polynomial that small points lie on', () => {
    const xs = Array.from({ length: 49 }, (_, i) => 0.005 + i * 0.0005);
    const truth = [3e4, -200, 5, 2, 0.01];
    const at = (coefficients: readonly number[], x: number) => coefficients.reduce((sum, c) => sum * x + c, 0);
    const fit = fitPolynomial(
      xs,
      xs.map((x) => at(truth, x)),
      4,
    );
    for (const x of xs) expect(at(fit, x)).toBeCloseTo(at(truth, x), 9);
  });

  it('goes through few points', () => {
    expect(fitPolynomial([0.2, 0.2], [1, 3], 4).at(-1)).toBeCloseTo(2);
  });
});

describe('plans with probes', () => {
  const options = { model: ditXl2, sampler: ditSampler, steps: 20, guidanceScale: 1.5, label: 1 };
  const plan = compileRunPlan({ ...options, cache: 'dbcache:F2_B3_t0.1_w4_c2' });

  it('cross as data, are made again by their name, and keep what may be skipped', () => {
    expect(checkRunPlan(JSON.parse(JSON.stringify(plan)), options)).toEqual(plan);
    expect(compileRunPlan({ ...options, cache: plan.policy })).toEqual(plan);
    expect(plan.steps.map(({ probe }) => probe?.asks)).toEqual(plan.steps.map((_, n) => n >= 4));
    for (const { kind, stack, flops, skipFlops = 0 } of plan.steps) {
      expect([kind, stack]).toEqual(['full', { first: 2, last: 25, keep: 'residual' }]);
      expect(skipFlops).toBeLessThan(flops / 3);
    }
    expect(plan.steps.flatMap(({ n, checkpoint }) => (checkpoint ? [n] : []))).toEqual([0, 1, 2, 3]);
  });

  it('are refused without a rule, with a probe that measures elsewhere, or where a step that may be skipped stores', () => {
    const { decision: _, ...without } = plan;
    expect(() => checkRunPlan(without, options)).toThrow(expect.objectContaining({ code: 'bad-argument' }));
    for (const change of [{ probe: { ...plan.steps[4]?.probe, at: 'input' } }, { storesCache: true }]) {
      const steps = plan.steps.map((step) => ({ ...step, ...change }));
      const check = () => checkRunPlan({ ...plan, steps }, options);
      expect(check).toThrow(expect.objectContaining({ code: 'bad-argument' }));
    }
  });

  it.each([
    // Nothing foreseen stays below 0, and the first step and the last are computed whatever is foreseen.
    ['teacache:t0', 0.01, 50],
    ['teacache:t100', 0.01, 2],
    // Five changes of 0.01 reach 0.05: every fifth step, and the last.
    ['teacache:t0.0499_d4', 0.01, 11],
    ['teacache:t0.0499_d0', 0.01, 11],
    ['dbcache:t0', 0.01, 50],
    ['dbcache:t0.0099', 0.01, 50],
    // The warm-up, then every fifth step, or all of the others once 20 have been skipped.
    ['dbcache:t0.02', 0.01, 8],
    ['dbcache:t0.02_w10_c4', 0.01, 10 + 8],
    ['dbcache:t0.02_w10_m20', 0.01, 10 + 20],
  ])('%s with a change of %d a step computes %i of 50', (cache, each, full) => {
    const inputChange = Array.from({ length: 49 }, (_, n) => n * 1e-3);
    const calibration = {
      format: 'webdit-calibration/1',
      steps: 50,
      sampler: samplerName(ditSampler),
      branchChange: { attn: [[], [], []], mlp: [[], [], []] },
      residualRatio: inputChange,
      inputChange,
      outputChange: inputChange,
    } as const;
    const { steps, decision } = compileRunPlan({ ...options, steps: 50, calibrations: [calibration], cache });
    const decider = startDeciding(decision as DecisionRule);
    const skips = steps.filter(({ probe }) => {
      if (probe?.asks) return decider.decide(each);
      decider.computed();
      return false;
    });
    expect(steps.length - skips.length).toBe(full);
  });

  it('leave blocks to skip', () => {
    const cache = 'dbcache:F20_B8';
    expect(() => compileRunPlan({ ...options, cache })).toThrow(expect.objectContaining({ code: 'bad-argument' }));
  });
});
