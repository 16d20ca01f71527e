import {
  chooseSampler,
  compileRunPlan,
  drawNoise,
  relativeError,
  type SamplerSpec,
  TorchGenerator,
  torchRandn,
} from '@webdit/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadModel } from '../../../../testing/golden.ts';
import { ReferenceDiT } from '../../../../testing/reference-dit.ts';
import { tensorsOf } from '../../../../testing/repository.ts';

const tiny = 'goldens/dit-original-tiny';
const size = 4 * 16 * 16;
const init = torchRandn(1, size);

let loaded: Awaited<ReturnType<typeof loadModel>>;
beforeAll(async () => {
  loaded = await loadModel(tiny);
});
afterAll(() => loaded.model.dispose());

function planOf(scheduler: string, cache: string, guidanceScale = 1.5) {
  const { config, scheduler: own } = loaded.folder;
  const flow: SamplerSpec = { kind: 'euler', spacing: 'flow', shift: 3, trainSteps: 1000 };
  const [name, predictionType] = scheduler.split(' of ') as [string, 'v_prediction' | undefined];
  const model = predictionType && own.kind !== 'euler' ? { ...own, predictionType } : own;
  const sampler = chooseSampler(name, name === 'euler' ? flow : model);
  return compileRunPlan({ model: config, sampler, steps: 6, guidanceScale, label: 3, cache });
}

// Latents after every step within 1e-5 of the f64 reference.
test.each([
  ['dpmpp', 'none', 1.5],
  ['dpmpp', 'none', 1],
  ['dpmpp-trailing', 'fora:3', 1.5],
  ['dpmpp-leading', 'taylorseer:N2_O1', 1.5],
  ['dpmpp of v_prediction', 'none', 1.5],
  ['ddim-trailing', 'none', 1.5],
  ['ddim-linspace of v_prediction', 'none', 1.5],
  ['ddpm', 'none', 1.5],
  ['ddpm-trailing', 'fora:3', 1],
  ['euler', 'none', 1.5],
  ['euler', 'taylorseer:N2_O1', 1],
])('%s with cache %s and guidance %d equals its definition', async (scheduler, cache, guidanceScale) => {
  const plan = planOf(scheduler, cache, guidanceScale);
  const noise = drawNoise(new TorchGenerator(5), plan.steps, size);
  const reference = new ReferenceDiT(loaded.folder.config, tensorsOf(`${tiny}/model.safetensors`));
  const expected = reference.run(plan, init, noise);
  const { trace } = await loaded.model.run(plan, init, { trace: { latents: true }, noise });
  const latents = trace.latents as Float32Array;
  expected.latents.forEach((step, n) => {
    const found = latents.subarray(n * size, (n + 1) * size);
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

test('noise decides where a run ends, and never makes the loop wait', async () => {
  const { model } = loaded;
  const plan = planOf('ddpm', 'none');
  const run = (seed: number) => {
    return model.run(plan, init, { noise: drawNoise(new TorchGenerator(seed), plan.steps, size) });
  };
  const [first, other, again] = [await run(1), await run(2), await run(1)];
  expect(again.latents).toEqual(first.latents);
  expect(relativeError(other.latents, first.latents)).toBeGreaterThan(0.1);
  expect(first.waits).toEqual({ final: 1, probe: 0 });
});

test('a run is refused without the noise of its steps, and with noise that none takes', async () => {
  const noise = new Float32Array(5 * size);
  const refusal = (found: number, expected: number) => ({
    code: 'shape-mismatch',
    message: `The rows of noise hold ${found} values, the model takes ${expected}.`,
  });
  await expect(loaded.model.run(planOf('ddpm', 'none'), init)).rejects.toMatchObject(refusal(0, 5 * size));
  await expect(loaded.model.run(planOf('ddim', 'none'), init, { noise })).rejects.toMatchObject(refusal(5 * size, 0));
});
