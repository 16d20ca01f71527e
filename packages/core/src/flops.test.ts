import { describe, expect, it } from 'vitest';
import { executed, published, runFlops } from './flops.ts';
import type { StepCompute } from './plan.ts';
import type { CacheSpec } from './policies/cache-spec.ts';
import { compileRunPlan } from './policies/compile.ts';
import { ditXl2 } from './published-models.ts';
import { ditSampler } from './samplers/sampler.ts';

const full: StepCompute = { kind: 'full' };
const reuse: StepCompute = { kind: 'reuse' };

const tera = (flops: number) => (flops / 1e12).toFixed(3);

/** DDIM-50 with guidance on DiT-XL/2, as the papers run it. */
function compiled(cache: CacheSpec) {
  return compileRunPlan({ model: ditXl2, sampler: ditSampler, steps: 50, guidanceScale: 1.5, label: 1, cache });
}

const released = '4x6.3x4.2x7';

describe('published', () => {
  // docs/procache.md 4
  it.each<[CacheSpec, number, string, string]>([
    ['none', 50, '23.735', '1.00'],
    ['fora:3', 18, '8.559', '2.77'],
    ['fora:4', 14, '6.662', '3.56'],
    ['fora:5', 11, '5.239', '4.53'],
    ['fora:6', 10, '4.765', '4.98'],
    [`procache:s${released}_plain`, 17, '8.085', '2.936'],
    [`procache:s${released}`, 17, '8.201', '2.894'],
    ['procache:s4x7.3x2.2x8', 17, '8.175', '2.903'],
    ['procache:s5x1.4x9.3x3_plain', 13, '6.188', '3.84'],
    ['procache:s6x2.5x2.4x7_plain', 11, '5.239', '4.53'],
  ])('%s has %i full steps, %s TFLOPs, %s times fewer', (cache, fullSteps, teraFlops, ratio) => {
    const plan = compiled(cache);
    expect(plan.steps.filter(({ kind }) => kind === 'full')).toHaveLength(fullSteps);
    const flops = runFlops(ditXl2, plan).published;
    const decimals = ratio.length - '1.'.length;
    expect([tera(flops.total), flops.ratio.toFixed(decimals)]).toEqual([teraFlops, ratio]);
    expect(tera(flops.uncached)).toBe('23.735');
  });
});

/**
 * Two other models, by hand. C = width, L = depth, H = heads, N = tokens, M = 4 C, with 2 x 2 patches of 4 + 4 channels.
 *
 * DiT-S/2 at 256 x 256: C 384, L 12, H 6, N 256. Published, a block and row:
 *   24 N C^2 = 24 x 256 x 147456 = 905969664      4 N^2 C = 4 x 65536 x 384 = 100663296
 *   5 H N^2 = 30 x 65536 = 1966080                27 N C = 27 x 98304 = 2654208
 *   C + 6 C^2 = 384 + 884736 = 885120             in all 1012138368; 12 blocks: 12145660416; every step: 12 x 885120
 *   selective, k = 20 in one layer: 16 k C^2 + 24 k C + 2 N C = 47185920 + 184320 + 196608 = 47566848
 * Executed, multiply-adds of a row:
 *   block 4 N C^2 + 2 N^2 C + 2 N C M = 150994944 + 50331648 + 301989888 = 503316480; 12 blocks: 6039797760
 *   patches in 256 x 384 x 16 = 1572864, out 256 x 384 x 32 = 3145728; modulation (6 x 12 + 2) C^2 = 74 x 147456 = 10911744
 *   sum 6055428096, the 6.06 G of the DiT paper's table; gated sums 2 L N C = 24 x 98304 = 2359296; MLP of k = 20: 2 x 20 x C M = 23592960
 *   timestep of the step, once: 256 C + C^2 = 98304 + 147456 = 245760
 *
 * DiT-XL/2 at 512 x 512: C 1152, L 28, H 16, N 1024. Published, a block and row:
 *   24 N C^2 = 24576 x 1327104 = 32614907904      4 N^2 C = 4 x 1048576 x 1152 = 4831838208
 *   5 H N^2 = 80 x 1048576 = 83886080             27 N C = 27 x 1179648 = 31850496
 *   C + 6 C^2 = 1152 + 7962624 = 7963776          in all 37570446464; 28 blocks: 1051972500992; every step: 222985728
 *   selective, k = 20: 16 k C^2 + 24 k C + 2 N C = 424673280 + 552960 + 2359296 = 427585536
 * Executed, multiply-adds of a row:
 *   block 4 N C^2 + 2 N^2 C + 8 N C^2 = 5435817984 + 2415919104 + 10871635968 = 18723373056; 28 blocks: 524254445568
 *   patches in 1179648 x 16 = 18874368, out x 32 = 37748736; modulation 170 C^2 = 225607680
 *   sum 524536676352, the 524.5 GMACs published for it; gated sums 56 N C = 66060288; MLP of k = 20: 8 x 20 x C^2 = 212336640
 *   timestep: 294912 + 1327104 = 1622016
 */
describe.each([
  {
    name: 'DiT-S/2 at 256',
    model: { ...ditXl2, hiddenSize: 384, depth: 12, numHeads: 6, mlpHiddenSize: 1536 },
    publishedRow: { full: 12145660416, reuse: 10621440, partial: 47566848 },
    executedRow: { ends: 1572864 + 3145728 + 10911744, blocks: 6039797760, sums: 2359296, mlp: 23592960 },
    timestep: 245760,
  },
  {
    name: 'DiT-XL/2 at 512',
    model: { ...ditXl2, inputSize: 64 },
    publishedRow: { full: 1051972500992, reuse: 222985728, partial: 427585536 },
    executedRow: { ends: 18874368 + 37748736 + 225607680, blocks: 524254445568, sums: 66060288, mlp: 212336640 },
    timestep: 1622016,
  },
])('by hand: $name', ({ model, publishedRow, executedRow, timestep }) => {
  const mlpTokens = Array.from({ length: model.depth }, (_, layer) => (layer === model.depth - 1 ? 20 : 0));
  const selective: StepCompute = { kind: 'selective', mlpTokens };

  it.each([1, 2])('published, %i rows', (rows) => {
    expect(published(model, rows, full)).toBe(rows * publishedRow.full);
    expect(published(model, rows, reuse)).toBe(rows * publishedRow.reuse);
    expect(published(model, rows, selective)).toBe(rows * (publishedRow.reuse + publishedRow.partial));
  });

  it.each([1, 2])('executed, %i rows', (rows) => {
    const { ends, blocks, sums, mlp } = executedRow;
    const flops = (row: number) => 2 * (rows * (ends + row) + timestep);
    expect(executed(model, rows, full)).toBe(flops(blocks));
    expect(executed(model, rows, reuse)).toBe(flops(sums));
    expect(executed(model, rows, selective)).toBe(flops(sums + mlp));
    expect(executed(model, rows, { kind: 'reuse', mlpTokens: mlpTokens.map(() => 0) })).toBe(flops(sums));
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

  it('a forecast of the prediction alone is its sum, and nothing to the papers', () => {
    const { inputSize, outChannels } = ditXl2;
    const step = { kind: 'forecast', predictions: [3, -3, 1] } as const;
    expect(executed(ditXl2, 2, step)).toBe(2 * 2 * 3 * outChannels * inputSize ** 2);
    expect(published(ditXl2, 2, step)).toBe(0);
    const corrected = executed(ditXl2, 2, { kind: 'full', predictions: [1, 2] });
    expect(corrected - executed(ditXl2, 2, { kind: 'full' })).toBe(2 * 2 * 2 * outChannels * inputSize ** 2);
  });

  it('a forecast is the gated sums of each full step it looks back on', () => {
    const sums = 2 * 2 * 2 * 28 * 256 * 1152;
    for (const [order, weights] of [[1], [2, -1], [3, -3, 1]].entries()) {
      const forecast = executed(ditXl2, 2, { kind: 'forecast', forecast: [weights] });
      expect(forecast - executed(ditXl2, 2, reuse)).toBe(order * sums);
    }
  });

  it('attention that is computed alone costs what it does in a full step', () => {
    const every = Array.from({ length: 28 }, (_, layer) => layer);
    const all: StepCompute = { kind: 'selective', attnLayers: every, mlpTokens: every.map(() => 256) };
    const sums = 2 * 2 * 2 * 28 * 256 * 1152;
    expect(executed(ditXl2, 2, all) - executed(ditXl2, 2, full)).toBe(sums);
    expect(published(ditXl2, 2, all)).toBe(published(ditXl2, 2, full));
  });

  it('a skip costs the blocks around it and one addition, and keeping a residual two', () => {
    const nc = 256 * 1152;
    const block = (executed(ditXl2, 2, full) - executed(ditXl2, 2, reuse)) / 28 + 2 * 2 * 2 * nc;
    const ends = executed(ditXl2, 2, reuse) - 28 * 2 * 2 * 2 * nc;
    const stack = { first: 3, last: 28, keep: 'residual' } as const;
    expect(executed(ditXl2, 2, { kind: 'skip', stack })).toBeCloseTo(ends + 3 * block + 2 * 2 * nc, -3);
    expect(executed(ditXl2, 2, { kind: 'full', stack }) - executed(ditXl2, 2, full)).toBe(2 * 2 * 2 * nc);
    const state = { first: 0, last: 28, keep: 'state' } as const;
    expect(executed(ditXl2, 2, { kind: 'skip', stack: state })).toBe(ends - 2 * 2 * nc * 16 + 2 * 2 * nc);
    expect(published(ditXl2, 2, { kind: 'skip', stack: state })).toBe(0);
  });
});

it('runFlops reports both accounts of a run', () => {
  const plan = compiled(`procache:s${released}`);
  const flops = runFlops(ditXl2, plan);
  expect(flops.executed.total).toBe(plan.steps.reduce((sum, step) => sum + step.flops, 0));
  expect(flops.executed.uncached).toBe(50 * executed(ditXl2, 2, full));
  expect(flops.executed.ratio).toBe(flops.executed.uncached / flops.executed.total);
  // what the run adds to 17 full and 33 reuse steps: an MLP per token, and a query-key product where scores are asked for
  const tokens = plan.steps.flatMap(({ mlpTokens = [] }) => mlpTokens).reduce((sum, k) => sum + k, 0);
  const scores = plan.steps.flatMap(({ scoreLayers = [] }) => scoreLayers).length;
  expect(scores).toBe(7 * 7);
  const plain = 17 * executed(ditXl2, 2, full) + 33 * executed(ditXl2, 2, reuse);
  const extra = 2 * 2 * (tokens * 2 * 1152 * 4608 + scores * 256 * 256 * 1152);
  expect(flops.executed.total).toBe(plain + extra);
});
