import { chooseSampler, compileRunPlan, relativeError, torchRandn } from '@webdit/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadModel } from '../../../../testing/golden.ts';
import { ReferenceDiT } from '../../../../testing/reference-dit.ts';
import { tensorsOf } from '../../../../testing/repository.ts';

const tiny = 'goldens/dit-original-tiny';
const init = torchRandn(1, 4 * 16 * 16);

let loaded: Awaited<ReturnType<typeof loadModel>>;
beforeAll(async () => {
  loaded = await loadModel(tiny);
});
afterAll(() => loaded.model.dispose());

function planOf(scheduler: string, cache: string, guidanceScale = 1.5) {
  const { config, scheduler: own } = loaded.folder;
  const sampler = chooseSampler(scheduler, own);
  return compileRunPlan({ model: config, sampler, steps: 6, guidanceScale, label: 3, cache });
}

// Latents after every step within 1e-5 of the f64 reference.
test.each([
  ['dpmpp', 'none', 1.5],
  ['dpmpp', 'none', 1],
  ['dpmpp-trailing', 'fora:3', 1.5],
  ['dpmpp-leading', 'taylorseer:N2_O1', 1.5],
  ['ddim-trailing', 'none', 1.5],
])('%s with cache %s and guidance %d equals its definition', async (scheduler, cache, guidanceScale) => {
  const plan = planOf(scheduler, cache, guidanceScale);
  const expected = new ReferenceDiT(loaded.folder.config, tensorsOf(`${tiny}/model.safetensors`)).run(plan, init);
  const { trace } = await loaded.model.run(plan, init, { trace: { latents: true } });
  const latents = trace.latents as Float32Array;
  expected.latents.forEach((step, n) => {
    const found = latents.subarray(n * init.length, (n + 1) * init.length);
    expect(relativeError(found, step), `step ${n}`).toBeLessThan(1e-5);
  });
});

test('a run that looks back sees nothing of the run before', async () => {
  const { model } = loaded;
  const run = async (scheduler: string, from = init) => [...(await model.run(planOf(scheduler, 'none'), from)).latents];
  const [ddim, dpmpp] = [await run('ddim'), await run('dpmpp')];
  await run('ddim', torchRandn(2, init.length));
  expect(await run('dpmpp')).toEqual(dpmpp);
  await run('dpmpp', new Float32Array(init.length).fill(Number.NaN));
  expect(await run('dpmpp')).toEqual(dpmpp);
  expect(await run('ddim')).toEqual(ddim);
});
