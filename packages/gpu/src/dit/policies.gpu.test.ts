import { type CacheSpec, compileRunPlan, type DiTConfig, relativeError, torchRandn } from '@webdit/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadModel, tensorsOf } from '../../../../testing/golden.ts';
import { ReferenceDiT } from '../../../../testing/reference-dit.ts';
import type { DiTModel } from './model.ts';

const tiny = 'goldens/dit-original-tiny';
const steps = 8;

let loaded: Awaited<ReturnType<typeof loadModel>>;
let reference: ReferenceDiT;
beforeAll(async () => {
  loaded = await loadModel(tiny);
  reference = new ReferenceDiT(loaded.folder.config, tensorsOf(`${tiny}/model.safetensors`));
});
afterAll(() => loaded.model.dispose());

function planOf(cache: CacheSpec, label = 3, config: DiTConfig = loaded.folder.config) {
  return compileRunPlan({ model: config, sampler: loaded.folder.scheduler, steps, guidanceScale: 1.5, label, cache });
}

const init = torchRandn(1, 4 * 16 * 16);
const procache = (settings: Record<string, unknown>): CacheSpec => ({ policy: 'procache', mode: 'paper', ...settings });

async function bytes(model: DiTModel, cache: CacheSpec, label?: number): Promise<number[]> {
  return [...(await model.run(planOf(cache, label), init)).latents];
}

// Latents after every step within 1e-5 of the f64 reference, measured 1.5e-6 at most, and the same tokens.
describe('each policy equals its definition', () => {
  test.each<[string, CacheSpec]>([
    ['none', 'none'],
    ['fora', { policy: 'fora', interval: 3 }],
    ['procache, value norms', procache({ pattern: '10210210', deepLayerStart: 2, tokenRatio: 0.3 })],
    ['procache, smallest values', procache({ pattern: '10210210', deepLayerStart: 4, score: 'value-norm-negative' })],
    [
      'procache, attention scores, staleness over several selections, bonus',
      procache({
        pattern: '10202021',
        deepLayerStart: 3,
        tokenRatio: 0.2,
        score: 'attention',
        staleness: { weight: 0.25, period: 4 },
        bonus: { window: 2, ratio: 0.6 },
      }),
    ],
    [
      'procache, tokens shared between the CFG rows',
      procache({ pattern: '10201020', deepLayerStart: 3, tokenRatio: 0.2, score: 'attention', shareCfg: true }),
    ],
  ])('%s', async (_, cache) => {
    const plan = planOf(cache);
    const expected = reference.run(plan, init);
    const { trace } = await loaded.model.run(plan, init, { trace: { latents: true, tokens: true } });
    const latents = trace.latents as Float32Array;
    expected.latents.forEach((step, n) => {
      const found = latents.subarray(n * init.length, (n + 1) * init.length);
      expect(relativeError(found, step), `step ${n}`).toBeLessThan(1e-5);
    });
    const tokens = new Map(trace.tokens.map(({ n, layer, rows }) => [`${n}.${layer}`, rows]));
    expect(tokens).toEqual(expected.tokens);
  });

  test('k = N is attention reused and the MLP whole, in every layer', async () => {
    const plan = planOf(procache({ pattern: '12121212', deepLayerStart: 0, tokenRatio: 1 }));
    expect(plan.steps[1]?.mlpTokens).toEqual(Array(6).fill(64));
    const expected = reference.run(plan, init);
    const { latents } = await loaded.model.run(plan, init);
    expect(relativeError(latents, expected.latents.at(-1) as Float32Array)).toBeLessThan(1e-5);
  });
});

describe('what a cache must not change', () => {
  test('a pattern of full steps gives the bytes of no policy', async () => {
    const { model } = loaded;
    expect(await bytes(model, procache({ pattern: '11111111', deepLayerStart: 3 }))).toEqual(
      await bytes(model, 'none'),
    );
  });

  test('no run sees the cache of another: seed, label, policy', async () => {
    const cache = procache({ pattern: '10210210', deepLayerStart: 3, tokenRatio: 0.2, score: 'attention' });
    const { model } = loaded;
    const fresh = await bytes(model, cache);
    await model.run(planOf(cache, 7), torchRandn(2, init.length));
    await bytes(model, { policy: 'fora', interval: 2 });
    expect(await bytes(model, cache)).toEqual(fresh);
  });

  test('an aborted run leaves nothing behind', async () => {
    const cache = procache({ pattern: '10210210', deepLayerStart: 3, tokenRatio: 0.2, score: 'attention' });
    const { model } = loaded;
    const fresh = await bytes(model, cache);
    const controller = new AbortController();
    const options = { signal: controller.signal, onStep: () => controller.abort() };
    await expect(model.run(planOf(cache, 5), init, options)).rejects.toThrow();
    expect(await bytes(model, cache)).toEqual(fresh);
  });
});

test('a step that selects nothing dispatches what a reuse step does', () => {
  const selective = planOf(procache({ pattern: '10210210', deepLayerStart: 3, tokenRatio: 0 }));
  const reuse = planOf(procache({ pattern: '10010010', deepLayerStart: 3, tokenRatio: 0 }));
  expect(selective.steps.map((step) => step.kind)).toEqual(reuse.steps.map((step) => step.kind));
  expect(selective.steps.map((step) => step.flops)).toEqual(reuse.steps.map((step) => step.flops));
});
