import { chooseSampler, type DiTConfig, ditSampler, type RunPlan, TorchGenerator } from '@webdit/core';
import type { DiTModel, InspectedStep } from '@webdit/gpu';
import { expect, it } from 'vitest';
import { calibrate } from './calibrate.ts';

const config = {
  inChannels: 1,
  inputSize: 2,
  patchSize: 1,
  depth: 2,
  hiddenSize: 2,
  numClasses: 10,
  guidanceChannels: 1,
};
const folder = {
  config: config as DiTConfig,
  scheduler: ditSampler,
  defaults: { numInferenceSteps: 4, guidanceScale: 3 },
};

/** A model all of whose values double from step to step, but for the second layer's MLP, which stays. */
function doubling(plans: RunPlan[]): Pick<DiTModel, 'run'> {
  return {
    async run(plan, _, { onInspect } = {}) {
      plans.push(plan);
      for (const { n } of plan.steps) {
        const values = Float32Array.of(1, -2, 3, 4).map((value) => value * 2 ** n);
        const still = Float32Array.of(1, 1, 1, 1);
        const step: InspectedStep = {
          ...{ n, width: 2, modulated: values, prediction: values, entering: still },
          hidden: values.map((value, i) => value + (still[i] as number)),
          branches: { attn: [values, values], cross: [], mlp: [values, still] },
        };
        onInspect?.(step);
      }
      return undefined as never;
    },
  };
}

it('measures relative changes and norm ratios, by lag and step, mean over layers and pairs', async () => {
  const plans: RunPlan[] = [];
  const pairs = [
    { seed: 1, label: 3 },
    { seed: 2, label: 4 },
  ];
  const calibration = await calibrate(doubling(plans), folder, { steps: 4, pairs });
  expect(plans.map(({ labels }) => labels)).toEqual([
    [3, 10],
    [4, 10],
  ]);
  expect(plans[0]?.steps.every(({ kind, storesCache }) => kind === 'full' && storesCache)).toBe(true);
  expect(calibration).toEqual({
    format: 'webdit-calibration/1',
    steps: 4,
    sampler: 'ddim-respaced',
    branchChange: { attn: [[1, 1, 1], [3, 3], [7]], mlp: [[0.5, 0.5, 0.5], [1.5, 1.5], [3.5]] },
    residualRatio: [2, 2, 2],
    inputChange: [1, 1, 1],
    outputChange: [1, 1, 1],
    found: { pairs, guidanceScale: 3 },
  });
});

it('runs a sampler that draws noise on the noise of the seed', async () => {
  const given: (Float32Array | undefined)[] = [];
  const model: Pick<DiTModel, 'run'> = {
    run(plan, init, options) {
      given.push(init, options?.noise);
      return doubling([]).run(plan, init, options);
    },
  };
  const scheduler = chooseSampler('ddpm', ditSampler);
  await calibrate(model, { ...folder, scheduler }, { steps: 3, pairs: [{ seed: 9, label: 3 }] });
  const generator = new TorchGenerator(9);
  const [init, first, second] = [generator.randn(4), generator.randn(4), generator.randn(4)];
  expect(given).toEqual([init, Float32Array.of(...first, ...second)]);
});

it('refuses to measure on nothing', async () => {
  const model = doubling([]);
  await expect(calibrate(model, folder, { steps: 4, pairs: [] })).rejects.toMatchObject({ code: 'bad-argument' });
  const pairs = [{ seed: 1, label: 3 }];
  await expect(calibrate(model, folder, { steps: 1, pairs })).rejects.toMatchObject({ code: 'bad-argument' });
});
