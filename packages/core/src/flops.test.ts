import { describe, expect, it } from 'vitest';
import { executed, published, runFlops } from './flops.ts';
import type { StepCompute, StepPlan } from './plan.ts';
import { ditXl2 } from './testing/configs.ts';

const full: StepCompute = { kind: 'full' };
const reuse: StepCompute = { kind: 'reuse' };

function total(steps: readonly StepCompute[]): number {
  return steps.reduce((sum, step) => sum + published(ditXl2, 2, step), 0);
}

/** A DDIM-50 run with so many full steps and the rest reused. */
function run(fullSteps: number): StepCompute[] {
  return Array.from({ length: 50 }, (_, n) => (n < fullSteps ? full : reuse));
}

const tera = (flops: number) => (flops / 1e12).toFixed(3);

/** Tokens per layer of the released ProCache at step n of 50. */
function releasedTokens(n: number): number[] {
  return Array.from({ length: 28 }, (_, layer) => {
    if (layer < 21) return 0;
    const ratio = 0.07 * (3 - (4 * (49 - n)) / 50) * (0.8 + (0.4 * layer) / 27) * 2.5;
    return Math.floor(Math.min(1, Math.max(0, ratio)) * 256);
  });
}

describe('published', () => {
  it.each([
    [50, '23.735'],
    [18, '8.559'],
    [17, '8.085'],
    [14, '6.662'],
    [13, '6.188'],
    [11, '5.239'],
    [10, '4.765'],
  ])('DDIM-50 on DiT-XL/2 with guidance and %i full steps is %s TFLOPs', (fullSteps, expected) => {
    expect(tera(total(run(fullSteps)))).toBe(expected);
  });

  it('the released ProCache run is 8.201 TFLOPs, 2.894 times fewer', () => {
    const selective = [2, 6, 10, 14, 18, 22, 26, 29, 32, 35];
    const steps = run(17)
      .slice(0, 40)
      .concat(selective.map((n) => ({ kind: 'selective', mlpTokens: releasedTokens(n) })));
    expect(steps).toHaveLength(50);
    expect(tera(total(steps))).toBe('8.201');
    expect((total(run(50)) / total(steps)).toFixed(3)).toBe('2.894');
  });
});

describe('executed', () => {
  // 118.6 GMACs per sample: the published count of the model itself
  it('a full step is twice the MACs of the model', () => {
    expect(executed(ditXl2, 1, full) / 2e9).toBeCloseTo(118.6, 0);
  });

  it('a reuse step is gated sums, the embedders and the final layer', () => {
    const [n, c] = [256, 1152];
    const sums = 2 * 28 * n * c;
    const ends = n * c * 4 * 4 + n * c * 4 * 8;
    const vectors = 28 * 6 * c * c + 2 * c * c;
    expect(executed(ditXl2, 2, reuse)).toBe(2 * (2 * (sums + ends + vectors) + 256 * c + c * c));
  });

  it('embedders in every block embed the timestep as often', () => {
    const perBlock = executed({ ...ditXl2, embeddersPerBlock: true }, 2, reuse);
    expect(perBlock - executed(ditXl2, 2, reuse)).toBe(2 * 27 * (256 * 1152 + 1152 * 1152));
  });

  it('a selective step adds the MLP of its tokens', () => {
    const mlpTokens = Array.from({ length: 28 }, (_, layer) => (layer === 27 ? 10 : 0));
    const extra = executed(ditXl2, 2, { kind: 'selective', mlpTokens }) - executed(ditXl2, 2, reuse);
    expect(extra).toBe(2 * 2 * 10 * 2 * 1152 * 4608);
  });

  it('attention scores cost another query-key product per layer', () => {
    const selection = { score: 'attention', staleness: null, bonus: null, shareCfg: false } as const;
    const scored: StepCompute = { kind: 'full', scoreLayers: [26, 27] };
    expect(executed(ditXl2, 2, scored, selection) - executed(ditXl2, 2, full, selection)).toBe(
      2 * 2 * 2 * 256 * 256 * 1152,
    );
    expect(executed(ditXl2, 2, scored, { ...selection, score: 'value-norm' })).toBe(executed(ditXl2, 2, full));
  });

  it('refuses a kind without an accounting', () => {
    expect(() => executed(ditXl2, 2, { kind: 'forecast' })).toThrow(expect.objectContaining({ code: 'bad-argument' }));
  });
});

it('runFlops reports both accounts of a run', () => {
  const steps = run(17) as unknown as StepPlan[];
  const flops = runFlops(ditXl2, { labels: [0, 1000], selection: null, steps });
  expect(tera(flops.published.total)).toBe('8.085');
  expect(flops.published.ratio.toFixed(3)).toBe('2.936');
  expect(flops.executed.uncached).toBe(50 * executed(ditXl2, 2, full));
  expect(flops.executed.ratio).toBe(flops.executed.uncached / flops.executed.total);
});
