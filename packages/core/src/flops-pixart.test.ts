import { describe, expect, it } from 'vitest';
import { conditioningFlops, executed, published, runFlops } from './flops.ts';
import type { PixArtConfig } from './model.ts';
import type { StepCompute } from './plan.ts';
import type { CacheSpec } from './policies/cache-spec.ts';
import { compileRunPlan } from './policies/compile.ts';
import { ditXl2, pixArtXl2 } from './published-models.ts';
import { ditSampler } from './samplers/sampler.ts';

const full: StepCompute = { kind: 'full' };
const reuse: StepCompute = { kind: 'reuse' };
const only = (count: number) => Array.from({ length: 28 }, (_, layer) => (layer === 27 ? count : 0));

/** PixArt-alpha at 20 steps with guidance, as the papers run it: 256 x 256 pixels, captions of 120 tokens. */
function compiled(cache: CacheSpec, captionTokens?: number) {
  const run = { model: pixArtXl2, sampler: ditSampler, steps: 20, guidanceScale: 4.5 };
  return compileRunPlan({ ...run, cache, captionTokens });
}

describe('published', () => {
  // the papers' count of a run lies between 11.86 and 11.92 TFLOPs; docs/procache.md 4
  it.each<[CacheSpec, number, string, string]>([
    ['none', 20, '11.882', '1.000'],
    ['procache', 7, '4.346', '2.734'],
    ['procache:reversed', 8, '4.940', '2.405'],
    ['procache:s3x6.2x1_plain', 7, '4.159', '2.857'],
    ['fora:3', 8, '4.753', '2.500'],
    ['toca:3', 7, '6.715', '1.769'],
  ])('%s has %i full steps, %s TFLOPs, %s times fewer', (cache, fullSteps, teraFlops, ratio) => {
    const plan = compiled(cache);
    expect(plan.steps.filter(({ kind }) => kind === 'full')).toHaveLength(fullSteps);
    const flops = runFlops(pixArtXl2, plan).published;
    expect([(flops.total / 1e12).toFixed(3), flops.ratio.toFixed(3)]).toEqual([teraFlops, ratio]);
  });
});

/**
 * By hand, a row of PixArt-alpha at 256 x 256: C 1152, L 28, H 16, N 256, M = 4 C, 120 caption tokens. C^2 = 1327104.
 *
 * Published, a block: attention and MLP as in DiT 24 N C^2 + 4 N^2 C + 5 H N^2 + 27 N C = 8153726976 + 301989888 + 5242880 + 7962624
 *   = 8468922368; cross-attention of k tokens 4 k C^2 + 4 x 120 C^2 + 4 x 120 k C + 5 H 120 k
 *   = 5308416 k + 637009920 + 552960 k + 9600 k = 5870976 k + 637009920: of 256 1502969856 + 637009920 = 2139979776.
 *   28 blocks: 28 x 10608902144 = 297049260032. MLP of 20: 16 x 20 C^2 + 24 x 20 C + 2 N C = 424673280 + 552960 + 589824 = 425816064
 * Executed, multiply-adds: attention 4 N C^2 + 2 N^2 C = 1358954496 + 150994944; MLP 8 N C^2 = 2717908992;
 *   cross-attention of k tokens 2 k C^2 + 240 k C = 2654208 k + 276480 k = 2930688 k: of 256 750256128. 28 blocks: 139387207680
 *   patches in N C 16 = 4718592, out N C 32 = 9437184; sums 3 L N C = 24772608; MLP of 20: 8 x 20 C^2 = 212336640
 *   the modulation 6 C^2 + (6 L + 2) C = 7962624 + 195840 = 8158464; the timestep, once: 256 C + C^2 = 294912 + 1327104 = 1622016
 *   captions, once: 120 (4096 C + C^2 + 56 C^2) = 120 x 80363520 = 9643622400
 */
describe('by hand', () => {
  const cross: StepCompute = { kind: 'selective', crossTokens: only(20) };
  const mlp: StepCompute = { kind: 'selective', mlpTokens: only(20) };

  it.each([1, 2])('published, %i rows', (rows) => {
    expect(published(pixArtXl2, rows, full)).toBe(rows * 297049260032);
    expect(published(pixArtXl2, rows, reuse)).toBe(0);
    expect(published(pixArtXl2, rows, cross)).toBe(rows * (20 * 5870976 + 637009920));
    expect(published(pixArtXl2, rows, mlp)).toBe(rows * 425816064);
    expect(published(pixArtXl2, rows, { ...mlp, ...cross })).toBe(
      published(pixArtXl2, rows, mlp) + published(pixArtXl2, rows, cross),
    );
  });

  it.each([1, 2])('executed, %i rows', (rows) => {
    const flops = (row: number) => 2 * (rows * (4718592 + 9437184 + 8158464 + row) + 1622016);
    expect(executed(pixArtXl2, rows, full)).toBe(flops(139387207680));
    expect(executed(pixArtXl2, rows, reuse)).toBe(flops(24772608));
    expect(executed(pixArtXl2, rows, cross)).toBe(flops(24772608 + 20 * 2930688));
    expect(executed(pixArtXl2, rows, mlp)).toBe(flops(24772608 + 212336640));
    expect(conditioningFlops(pixArtXl2, rows)).toBe(2 * rows * 9643622400);
  });
});

describe('executed', () => {
  // the published counts of one forward pass, in GMACs
  const large: Partial<PixArtConfig> = { inputSize: 128, latentHeight: 128, latentWidth: 128, sizeConditions: true };
  it.each<[number, Partial<PixArtConfig>, number]>([
    [256, {}, 149],
    [512, { inputSize: 64, latentHeight: 64, latentWidth: 64 }, 618],
    [1024, large, 3255],
  ])('a pass at %i pixels and its captions are twice the MACs of the model', (_, size, giga) => {
    const model = { ...pixArtXl2, ...size };
    expect(Math.round((executed(model, 1, full) + conditioningFlops(model, 1)) / 2e9)).toBe(giga);
  });

  it('the picture’s size is embedded once for all rows: two sides and their ratio, a third of the width each', () => {
    const sized = { ...pixArtXl2, sizeConditions: true };
    for (const rows of [1, 2]) {
      const more = conditioningFlops(sized, rows) - conditioningFlops(pixArtXl2, rows);
      expect(more).toBe(2 * 3 * (256 * 384 + 384 * 384));
    }
    expect(executed(sized, 2, full)).toBe(executed(pixArtXl2, 2, full));
    expect(conditioningFlops(ditXl2, 2)).toBe(0);
  });

  it('the entropy of cross-attention costs another query-key product, where it is found', () => {
    const selection = { score: 'cross-entropy', staleness: null, bonus: null, shareCfg: true } as const;
    const more = (step: StepCompute) => executed(pixArtXl2, 2, step, selection) - executed(pixArtXl2, 2, step);
    expect(more({ kind: 'full', scoreLayers: [26, 27] })).toBe(2 * 2 * 2 * 256 * 120 * 1152);
    expect(more({ kind: 'selective', crossTokens: only(20), mlpTokens: only(30) })).toBe(2 * 2 * 20 * 120 * 1152);
    expect(more({ kind: 'selective', mlpTokens: only(30) })).toBe(0);
    const received: StepCompute = { kind: 'full', scoreLayers: [27] };
    const attention = { ...selection, score: 'attention' } as const;
    expect(executed(pixArtXl2, 2, received, attention) - executed(pixArtXl2, 2, full)).toBe(2 * 2 * 256 * 256 * 1152);
  });

  it('everything computed alone costs what it does in a full step, and the sums', () => {
    const every = Array.from({ length: 28 }, (_, layer) => layer);
    const tokens = every.map(() => 256);
    const all: StepCompute = { kind: 'selective', attnLayers: every, mlpTokens: tokens, crossTokens: tokens };
    const sums = 2 * 2 * 3 * 28 * 256 * 1152;
    expect(executed(pixArtXl2, 2, all) - executed(pixArtXl2, 2, full)).toBe(sums);
    expect(published(pixArtXl2, 2, all)).toBe(published(pixArtXl2, 2, full));
    const twice = executed(pixArtXl2, 2, { kind: 'forecast', forecast: [[2, -1]] });
    expect(twice - executed(pixArtXl2, 2, reuse)).toBe(sums);
  });

  it('a skip runs the blocks around it, cross-attention included', () => {
    const stack = { first: 4, last: 28, keep: 'residual' } as const;
    const skip = executed(pixArtXl2, 2, { kind: 'skip', stack }) - executed(pixArtXl2, 2, reuse);
    expect(skip).toBe(2 * 2 * ((4 * 139387207680) / 28 + 256 * 1152 - 24772608));
    expect(published(pixArtXl2, 2, { kind: 'skip', stack })).toBe((4 / 28) * published(pixArtXl2, 2, full));
  });
});

describe('a run', () => {
  it('pays for its captions once, in step 0', () => {
    const plan = compiled('procache');
    const flops = runFlops(pixArtXl2, plan).executed;
    expect(flops.total).toBe(plan.steps.reduce((sum, step) => sum + step.flops, 0));
    expect(flops.uncached).toBe(20 * executed(pixArtXl2, 2, full) + conditioningFlops(pixArtXl2, 2));
    expect(flops.ratio).toBe(flops.uncached / flops.total);
  });

  it('is counted by the caption it has', () => {
    const plan = compiled('procache', 20);
    expect(plan.steps[3]?.flops).toBe(executed(pixArtXl2, 2, plan.steps[3] as StepCompute, plan.selection, 20));
    expect(plan.steps[2]?.flops).toBe(executed(pixArtXl2, 2, plan.steps[2] as StepCompute, plan.selection, 20));
    const flops = runFlops(pixArtXl2, plan);
    expect(flops.executed.total).toBe(plan.steps.reduce((sum, step) => sum + step.flops, 0));
    expect(flops.published.uncached).toBe(20 * published(pixArtXl2, 2, full, 20));
    expect(flops.published.uncached).toBeLessThan(runFlops(pixArtXl2, compiled('none')).published.uncached);
  });
});
