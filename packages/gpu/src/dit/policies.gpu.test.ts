import { type CacheSpec, compileRunPlan, type DiTConfig, relativeError, torchRandn } from '@webdit/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadModel } from '../../../../testing/golden.ts';
import { ReferenceDiT } from '../../../../testing/reference-dit.ts';
import { tensorsOf } from '../../../../testing/repository.ts';
import { adoptDevice } from '../device.ts';
import { hardwareChoice } from '../tiling.ts';
import { DiTModel } from './model.ts';
import { schedulePlan } from './run.ts';

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
  const sampler = loaded.folder.scheduler;
  return compileRunPlan({ model: config, sampler, steps, guidanceScale: 1.5, label, cache });
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
    ['taylorseer', 'taylorseer:N3_O2'],
    ['duca', 'duca:N3_r0.2'],
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
    const tokens = new Map(trace.tokens.map(({ n, layer, branch, rows }) => [`${n}.${layer}.${branch}`, rows]));
    expect(tokens).toEqual(expected.tokens);
  });

  test('procache with the kernels of hardware adapters', async () => {
    const { model } = await loadModel(tiny, { choice: hardwareChoice });
    const plan = planOf(procache({ pattern: '10210210', deepLayerStart: 2, tokenRatio: 0.3 }));
    const { latents } = await model.run(plan, init);
    expect(model.kernels.matmul).toContain('workgroup-8x8.8x8.k16.f32.scatter');
    expect(model.kernels.attention).toContain('small');
    expect(model.kernels.layer_norm).toContain('layer_norm.workgroup.selected');
    const expected = reference.run(plan, init).latents.at(-1) as Float32Array;
    expect(relativeError(latents, expected)).toBeLessThan(1e-5);
    model.dispose();
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

  test('full steps that store what nobody reads give the bytes of no policy', async () => {
    const plan = planOf('none');
    const storing = { ...plan, steps: plan.steps.map((step) => ({ ...step, storesCache: true })) };
    expect([...(await loaded.model.run(storing, init)).latents]).toEqual(await bytes(loaded.model, 'none'));
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

test('where bindings are small, the table comes in chunks and the cache in slabs, to the same bytes', async () => {
  const { model, folder } = loaded;
  // The smallest that holds the activations of this model: five steps of modulation, four cache entries.
  const cap = 96 * 1024;
  const holder = adoptDevice(model.holder.device, { maxStorageBufferBindingSize: cap });
  const small = await DiTModel.create(holder, folder.config, { weightDType: 'f32' });
  await folder.loadWeights(small.sink);
  await small.finishLoading();
  const created: string[] = [];
  const { createBuffer } = holder.device;
  holder.device.createBuffer = (descriptor) => {
    created.push(descriptor.label ?? '');
    return createBuffer.call(holder.device, descriptor);
  };
  const everyLayer = procache({ pattern: '10210210', deepLayerStart: 0, tokenRatio: 0.2, score: 'attention' });
  for (const cache of ['none', { policy: 'fora', interval: 3 }, everyLayer] satisfies CacheSpec[]) {
    expect(await bytes(small, cache)).toEqual(await bytes(model, cache));
  }
  holder.device.createBuffer = createBuffer;
  expect(created.filter((label) => label.startsWith('cache.')).length).toBeGreaterThan(3);
  expect(schedulePlan(planOf('none'), folder.config, cap).steps.filter((step) => step.startsChunk)).toHaveLength(2);
  small.dispose();
  holder.release();
});

test('two models on one device do not meet in a cache', async () => {
  const other = await loadModel('goldens/procache-28-tiny');
  const plan = compileRunPlan({
    model: other.folder.config,
    sampler: other.folder.scheduler,
    steps,
    guidanceScale: 1.5,
    label: 5,
    cache: { policy: 'fora', interval: 4 },
  });
  const cache: CacheSpec = { policy: 'fora', interval: 4 };
  const fresh = await bytes(loaded.model, cache);
  const first = await other.model.run(plan, init);
  expect(await bytes(loaded.model, cache)).toEqual(fresh);
  expect([...(await other.model.run(plan, init)).latents]).toEqual([...first.latents]);
  other.model.dispose();
});

test('the report names the kernels the run used, and waits once', async () => {
  const { model } = loaded;
  const { mapAsync } = GPUBuffer.prototype;
  let maps = 0;
  GPUBuffer.prototype.mapAsync = function (...args) {
    maps++;
    return mapAsync.apply(this, args);
  };
  const result = await model.run(planOf({ policy: 'fora', interval: 4 }), init);
  GPUBuffer.prototype.mapAsync = mapAsync;
  // The latents, and the timestamps with them where the adapter has any.
  expect(maps).toBe(model.holder.features.has('timestamp-query') ? 2 : 1);
  expect(result.waits).toEqual({ final: 1, probe: 0 });
  expect(model.kernels.gated_sum).toBe('gated_sum');
  expect(model.kernels.matmul).toContain('.f32.store');
  expect(model.kernels.layer_norm).toBe('layer_norm.register.all + layer_norm.register.residual');
  expect(model.kernels.select_tokens).toBeUndefined();
});

test('a step that selects nothing dispatches what a reuse step does', () => {
  const selective = planOf(procache({ pattern: '10210210', deepLayerStart: 3, tokenRatio: 0 }));
  const reuse = planOf(procache({ pattern: '10010010', deepLayerStart: 3, tokenRatio: 0 }));
  expect(selective.steps.map((step) => step.kind)).toEqual(reuse.steps.map((step) => step.kind));
  expect(selective.steps.map((step) => step.flops)).toEqual(reuse.steps.map((step) => step.flops));
});
