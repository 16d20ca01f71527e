import {
  atSize,
  type CacheSpec,
  type Calibration,
  checkRunPlan,
  compileRunPlan,
  type RunPlan,
  relativeError,
  type StepCompute,
  samplerName,
  torchRandn,
} from '@webdit/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadOpened } from '../../../../testing/golden.ts';
import { openPixArt } from '../../../../testing/pixart.ts';
import { decisionsOf } from '../../../../testing/probe-decisions.ts';
import type { Caption } from './caption.ts';
import type { DiTModel } from './model.ts';

const steps = 8;
/** 4 x 8 tokens, which the windows of the released bonus fit. */
const size = { height: 8, width: 16 };
const tokens = 32;
/** Another, of 6 x 4. */
const tall = { height: 12, width: 8 };
const init = torchRandn(1, 4 * size.height * size.width);

let opened: Awaited<ReturnType<typeof openPixArt>>;
let model: DiTModel;
beforeAll(async () => {
  opened = await openPixArt('pixart-tiny');
  // At this size from the start: what is compiled for a number of tokens is compiled for one.
  model = await loadOpened({ ...opened.folder, config: atSize(opened.folder.config, size) });
});
afterAll(() => model.dispose());

/**
 * A prompt of made-up embeddings, small enough that no token's attention is all on one word: then entropies would be alike to the last
 * bit. As it is, no score is closer to another row's place than 1e-5.
 */
const prompt = (seed: number, length: number): Caption => ({
  embeddings: torchRandn(seed, length * 48).map((value) => value / 2),
});
const captions = [prompt(2, 13), prompt(3, 5)];

/** Made up: attention may wait longer than the MLP, and cross-attention longest. */
const calibration: Omit<Calibration, 'sampler'> = {
  format: 'webdit-calibration/1',
  steps,
  branchChange: {
    attn: [Array(7).fill(0.1), Array(6).fill(0.15), Array(5).fill(0.3)],
    cross: [Array(7).fill(0.1), Array(6).fill(0.1), Array(5).fill(0.15)],
    mlp: [Array(7).fill(0.1), Array(6).fill(0.3), Array(5).fill(0.3)],
  },
  residualRatio: Array(7).fill(1.01),
  inputChange: Array(7).fill(0.1),
  outputChange: Array(7).fill(0.1),
};

function planOf(cache: CacheSpec, guidanceScale = 4.5): RunPlan {
  const { scheduler: sampler } = opened.folder;
  const calibrations = [{ ...calibration, sampler: samplerName(sampler) }];
  return compileRunPlan({ model: model.config, sampler, steps, guidanceScale, cache, calibrations });
}

/** Latents after every step within 2e-6 of the f64 reference, four times the worst measured; the same tokens and decisions. */
async function expectReference(plan: RunPlan) {
  const text = { captions: captions.slice(0, plan.labels.length) };
  const expected = opened.reference(size).run(plan, init, text);
  const found = await model.run(plan, init, { text, trace: { latents: true, tokens: true } });
  const latents = found.trace.latents as Float32Array;
  for (const [n, step] of expected.latents.entries()) {
    const own = latents.subarray(n * init.length, (n + 1) * init.length);
    expect(relativeError(own, step), `step ${n}`).toBeLessThan(2e-6);
  }
  const chosen = found.trace.tokens.map(({ n, layer, branch, rows }) => [`${n}.${layer}.${branch}`, rows] as const);
  expect(new Map(chosen)).toEqual(expected.tokens);
  const skips = found.steps.filter(({ n, kind }) => kind === 'skip' && plan.steps[n]?.kind !== 'skip');
  expect(skips.map(({ n }) => n)).toEqual(expected.skips);
  return { decisions: decisionsOf(found.steps), selections: expected.tokens.size };
}

const procache = (settings: Record<string, unknown>): CacheSpec => ({
  policy: 'procache',
  pattern: '10210210',
  deepLayerStart: 1,
  ...settings,
});

describe('each policy equals its definition', () => {
  test.each<[string, CacheSpec, number]>([
    ['none', 'none', 0],
    ['fora', 'fora:3', 0],
    ['procache, paper', procache({ mode: 'paper' }), 12],
    ['procache, released', procache({ mode: 'released' }), 12],
    ['procache, aged over selections', procache({ pattern: '10222021' }), 24],
    ['procache, reversed', procache({ reversed: true }), 12],
    ['procache, attention, rows apart', procache({ score: 'attention', shareCfg: false }), 12],
    ['procache, rows apart', procache({ pattern: '10222021', shareCfg: false }), 24],
    ['toca', 'toca:N4_r0.3', 45],
    ['duca', 'duca:N4_r0.75', 17],
    ['taylorseer', 'taylorseer:N2_O2', 0],
    ['procache+', 'procache+:p1x2.100x2_O2_c0.5', 0],
    ['smoothcache', 'smoothcache:a0.2', 0],
  ])('%s', async (_, cache, selections) => {
    expect((await expectReference(planOf(cache))).selections).toBe(selections);
  });

  test.each([
    ['delta-dit:N3_b50_c50', 'FF--F--F'],
    ['magcache:t0.06_k2_r0.2', 'FF--F--F'],
    ['teacache:t0.3_d0', 'FF-F-F-F'],
    ['dbcache:F1_B1_t0.5_w2', 'FFFF-F--'],
  ])('%s skips as %s', async (cache, decisions) => {
    expect((await expectReference(planOf(cache))).decisions).toBe(decisions);
  });

  test.each<[CacheSpec]>([['fora:3'], [procache({})], ['toca:N4_r0.3']])('%j without guidance', async (cache) => {
    const plan = planOf(cache, 1);
    expect(plan.labels).toEqual([0]);
    await expectReference(plan);
  });
});

const store: StepCompute = { kind: 'full', storesCache: true };
const scored: StepCompute = { ...store, scoreLayers: [0, 1, 2, 3] };
const some: StepCompute = {
  kind: 'selective',
  crossTokens: [0, tokens, 5, tokens],
  mlpTokens: [tokens, 9, 0, 9],
  attnLayers: [0, 3],
};

describe('each kind of step equals its definition', () => {
  test.each<[string, StepCompute[]]>([
    [
      'forecasts of each branch, some of no weight',
      [
        ...[store, store],
        {
          kind: 'forecast',
          forecast: Array.from({ length: 12 }, (_, i) => (i % 4 ? [1 + i / 10, -i / 10] : [1])),
        },
      ],
    ],
    [
      'whole branches in selective steps, whose entropies are new',
      [scored, some, { kind: 'reuse' }, some, scored, some],
    ],
    [
      'cross-attention alone, then the MLP alone',
      [
        scored,
        { kind: 'selective', crossTokens: [3, 0, 7, 0] },
        { kind: 'selective', mlpTokens: [7, 0, 9, 2] },
        { kind: 'selective', crossTokens: [6, 4, 0, 2], mlpTokens: [4, 4, 4, 4] },
      ],
    ],
  ])('%s', async (_, given) => {
    const base = planOf('none');
    const staleness = { weight: 0.25, period: 3 };
    const selection = { score: 'cross-entropy', staleness, bonus: null, shareCfg: true } as const;
    const plan = {
      ...base,
      selection: given.some(({ kind }) => kind === 'selective') ? selection : null,
      steps: base.steps.slice(0, given.length).map((step, n) => ({ ...step, ...(given[n] as StepCompute) })),
    };
    checkRunPlan(plan, { model: model.config, sampler: opened.folder.scheduler, steps: given.length });
    await expectReference(plan);
  });

  test('k = N is self-attention reused, the other branches whole, in every layer', async () => {
    const plan = planOf(procache({ mode: 'paper', pattern: '12121212', deepLayerStart: 0, tokenRatio: 1 }));
    const { crossTokens, mlpTokens } = plan.steps[1] as StepCompute;
    expect([crossTokens, mlpTokens]).toEqual([Array(4).fill(tokens), Array(4).fill(tokens)]);
    expect((await expectReference(plan)).selections).toBe(0);
  });
});

describe('what a cache must not change', () => {
  const bytes = async (plan: RunPlan, rows = captions, from = init) => {
    return [...(await model.run(plan, from, { text: { captions: rows } })).latents];
  };

  test('full steps, by a pattern of ones or storing what nobody reads, give the bytes of no policy', async () => {
    const none = planOf('none');
    const uncached = await bytes(none);
    expect(await bytes(planOf(procache({ pattern: '11111111' })))).toEqual(uncached);
    expect(await bytes({ ...none, steps: none.steps.map((step) => ({ ...step, storesCache: true })) })).toEqual(
      uncached,
    );
  });

  test('TaylorSeer of order 0 gives the bytes of FORA', async () => {
    const [taylorseer, fora] = [planOf('taylorseer:N3_O0'), planOf('fora:3')];
    const full = ({ steps }: RunPlan) => steps.map(({ kind }) => kind === 'full');
    expect(full(taylorseer)).toEqual(full(fora));
    expect(await bytes(taylorseer)).toEqual(await bytes(fora));
  });

  test('no run sees the cache of another: seed, prompt and its length, policy, size', async () => {
    const plan = planOf(procache({}));
    const fora = planOf('fora:2');
    const fresh = await bytes(plan);
    for (const other of [
      [prompt(4, 13), prompt(5, 9)],
      [prompt(6, 30), prompt(7, 2)],
    ]) {
      expect(await bytes(plan, other)).not.toEqual(fresh);
    }
    await bytes(plan, captions, torchRandn(2, init.length));
    await bytes(fora);
    await model.run(fora, torchRandn(2, 4 * 96), { text: { captions }, size: tall });
    expect(await bytes(plan)).toEqual(fresh);
  });
});

/** Rows of their own, with prompts of different lengths and masks, at a size the model was not loaded for. */
describe.each(['pixart-tiny', 'pixart-tiny-microcond'])('a forward of %s equals the f64 reference', (name) => {
  test.each([
    ['told nothing', {}],
    ['told a size', { resolution: { height: 512, width: 768, aspectRatio: 0.7 } }],
  ])('%s', async (_, told) => {
    const { folder, reference, captions: masked } = await openPixArt(name);
    const loaded = await loadOpened({ ...folder, config: atSize(folder.config, size) });
    const rows = [...masked, ...captions];
    const timesteps = [999, 500.5, 20, 0];
    const elements = 4 * tall.height * tall.width;
    const samples = torchRandn(3, timesteps.length * elements);
    const found = await loaded.forward(samples, timesteps, { captions: rows, ...told }, tall);
    for (const [row, timestep] of timesteps.entries()) {
      const sample = samples.subarray(row * elements, (row + 1) * elements);
      const expected = reference(tall).forward(sample, timestep, { captions: rows.slice(row, row + 1), ...told });
      const own = found.subarray(row * expected.length, (row + 1) * expected.length);
      expect(relativeError(own, expected), `row ${row}`).toBeLessThan(2e-6);
    }
    loaded.dispose();
  });
});
