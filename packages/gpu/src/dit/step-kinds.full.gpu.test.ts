import {
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
import { loadModel } from '../../../../testing/golden.ts';
import { ReferenceDiT } from '../../../../testing/reference-dit.ts';
import { tensorsOf } from '../../../../testing/repository.ts';

const tiny = 'goldens/dit-original-tiny';
const steps = 8;
const init = torchRandn(1, 4 * 16 * 16);

let loaded: Awaited<ReturnType<typeof loadModel>>;
let reference: ReferenceDiT;
beforeAll(async () => {
  loaded = await loadModel(tiny);
  reference = new ReferenceDiT(loaded.folder.config, tensorsOf(`${tiny}/model.safetensors`));
});
afterAll(() => loaded.model.dispose());

/** Made up: attention may wait longer than the MLP. */
const calibration: Calibration = {
  format: 'webdit-calibration/1',
  steps,
  sampler: '',
  branchChange: {
    attn: [Array(7).fill(0.1), Array(6).fill(0.15), Array(5).fill(0.3)],
    mlp: [Array(7).fill(0.1), Array(6).fill(0.3), Array(5).fill(0.3)],
  },
  residualRatio: Array(7).fill(1.01),
  inputChange: Array(7).fill(0.1),
  outputChange: Array(7).fill(0.1),
};

function planOf(cache: CacheSpec) {
  const { config: model, scheduler: sampler } = loaded.folder;
  const calibrations = [{ ...calibration, sampler: samplerName(sampler) }];
  return compileRunPlan({ model, sampler, steps, guidanceScale: 1.5, label: 3, cache, calibrations });
}

/** Latents after every step within 1e-5 of the f64 reference. */
async function expectReference(plan: RunPlan): Promise<void> {
  const expected = reference.run(plan, init).latents;
  const { trace } = await loaded.model.run(plan, init, { trace: { latents: true } });
  const latents = trace.latents as Float32Array;
  expected.forEach((step, n) => {
    const found = latents.subarray(n * init.length, (n + 1) * init.length);
    expect(relativeError(found, step), `step ${n}`).toBeLessThan(1e-5);
  });
}

const store: StepCompute = { kind: 'full', storesCache: true };
const forecast = (...weights: number[][]): StepCompute => ({ kind: 'forecast', forecast: weights });
const predictions = (...weights: number[]): StepCompute => ({ kind: 'forecast', predictions: weights });
const middle = { first: 2, last: 5, keep: 'residual' } as const;
const rear = { first: 1, last: 6, keep: 'residual' } as const;
const state = { first: 0, last: 6, keep: 'state' } as const;
const scored: StepCompute = { ...store, scoreLayers: [0, 1, 2, 3, 4, 5] };
const some: StepCompute = { kind: 'selective', mlpTokens: [0, 64, 9, 9, 64, 0], attnLayers: [0, 3, 5] };

describe('each kind of step equals its definition', () => {
  test.each<[string, StepCompute[]]>([
    ['forecasts of order 1, over a ring of caches', [store, store, forecast([1.5, -0.5]), store, forecast([2, -1])]],
    ['forecasts of order 2', [store, store, store, forecast([3, -3, 1]), store, forecast([2.2, -1.7, 0.5])]],
    [
      'forecasts of each branch, some of no weight',
      [
        store,
        store,
        forecast(...Array.from({ length: 12 }, (_, entry) => (entry % 3 ? [1 + entry / 10, -entry / 10] : [1]))),
      ],
    ],
    [
      'predictions of earlier full steps, in place of the model and beside it',
      [
        ...([{ kind: 'full' }, { kind: 'full' }, predictions(1.5, -0.5), predictions(1)] as const),
        ...([{ kind: 'full', predictions: [1.2, -0.3, 0.1] }, predictions(0.9, 0.3, -0.2)] as const),
      ],
    ],
    ['reuse between forecasts', [store, store, { kind: 'reuse' }, forecast([2, -1]), store, { kind: 'reuse' }]],
    ['attention and whole MLPs in selective steps', [scored, some, { kind: 'reuse' }, some, scored, some]],
    ['a skip in the middle', [{ kind: 'full', stack: middle }, { kind: 'skip', stack: middle }, { kind: 'full' }]],
    [
      'a skip of the rear, twice',
      [
        { ...store, stack: rear },
        { kind: 'skip', stack: rear },
        { kind: 'skip', stack: rear },
      ],
    ],
    [
      'a skip of the front',
      [
        { kind: 'full', stack: { ...middle, first: 0 } },
        { kind: 'skip', stack: { ...middle, first: 0 } },
      ],
    ],
    [
      'a state, of full and of selective steps',
      [
        { ...scored, stack: state },
        { kind: 'skip', stack: state },
        { ...some, stack: state },
        { kind: 'skip', stack: state },
      ],
    ],
  ])('%s', async (_, given) => {
    const base = planOf('none');
    const selection = { score: 'value-norm', staleness: null, bonus: null, shareCfg: false } as const;
    const plan = {
      ...base,
      selection: given.some(({ kind }) => kind === 'selective') ? selection : null,
      steps: base.steps.slice(0, given.length).map((step, n) => ({ ...step, ...(given[n] as StepCompute) })),
    };
    checkRunPlan(plan, { model: loaded.folder.config, sampler: loaded.folder.scheduler, steps: given.length });
    await expectReference(plan);
  });

  test('a forecast from one full step gives the bytes of reuse', async () => {
    const base = planOf('fora:4');
    const steps = base.steps.map((step) => (step.kind === 'reuse' ? { ...step, ...forecast([1]) } : step));
    const { latents } = await loaded.model.run({ ...base, steps }, init);
    expect([...latents]).toEqual([...(await loaded.model.run(base, init)).latents]);
  });
});

// The other policies are in policies.gpu.test.ts.
test.each<[string, CacheSpec]>([
  ['toca', 'toca:N3_r0.2'],
  ['delta-dit', 'delta-dit:N3_b50_c50'],
  ['smoothcache', 'smoothcache:a0.2'],
  ['magcache', 'magcache:t0.06_k2_r0.2'],
  [
    'procache, smallest values',
    { policy: 'procache', mode: 'paper', pattern: '10210210', deepLayerStart: 4, score: 'value-norm-negative' },
  ],
  ['procache+', 'procache+:p1x2.100x2_O2_c0.5'],
])('%s equals its definition', async (_, cache) => {
  await expectReference(planOf(cache));
});
