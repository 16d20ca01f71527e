import { describe, expect, it } from 'vitest';
import { torchRandn } from '../rng/torch.ts';
import type { EulerSpec } from './euler.ts';
import { addNoise, firstStepOf, stepsFrom } from './image-to-image.ts';
import { alphasCumprod, ditNoiseSchedule } from './noise-schedule.ts';
import { chooseSampler, ditSampler, type SamplerSpec, samplerName, samplerSteps } from './sampler.ts';
import { updateLatents } from './update.ts';

const flow: EulerSpec = { kind: 'euler', spacing: 'flow', shift: 3, trainSteps: 1000 };
const velocity = { ...ditSampler, predictionType: 'v_prediction' } as const;
const names = ['ddim-respaced', 'ddim-leading', 'ddim-trailing', 'ddpm-respaced', 'ddpm-linspace', 'dpmpp-linspace'];
const specs: readonly (readonly [string, SamplerSpec])[] = [
  ...[...names, 'dpmpp-trailing'].map((name) => [name, chooseSampler(name, ditSampler)] as const),
  ['ddim of v', velocity],
  ['dpmpp of v', chooseSampler('dpmpp', velocity)],
  ['euler', flow],
];

/** What a model would predict that knows the picture and the noise. */
function prediction(spec: SamplerSpec, alpha: number, sigma: number, x0: number, noise: number): number {
  if (spec.kind === 'euler') return noise - x0;
  return spec.predictionType === 'epsilon' ? noise : alpha * noise - sigma * x0;
}

describe('the steps of a strength', () => {
  it.each([
    [50, 0, 50],
    [50, 0.019, 50],
    [50, 0.02, 49],
    [50, 0.5, 25],
    [25, 0.5, 13],
    [50, 0.8, 10],
    [50, 1, 0],
    // As Python's int(50 * 0.58), 28.999999999999996.
    [50, 0.58, 22],
    [1, 0.99, 1],
  ])('of %i at %f the first is %i', (steps, strength, first) => {
    expect(firstStepOf(steps, strength)).toBe(first);
  });

  it.each([-0.01, 1.01, Number.NaN, Number.POSITIVE_INFINITY])('are refused at %f', (strength) => {
    expect(() => firstStepOf(50, strength)).toThrow(expect.objectContaining({ code: 'bad-argument' }));
  });
});

describe('a run from a picture', () => {
  it.each(specs)('starts with the noise of its first step: %s', (_, spec) => {
    const [x0, noise] = [torchRandn(1, 40), torchRandn(2, 40)];
    const steps = samplerSteps(spec, 20);
    for (const first of [1, 9, 19]) {
      const step = steps[first] as (typeof steps)[number];
      const share =
        spec.kind === 'euler'
          ? { alpha: 1 - step.timestep / 1000, sigma: step.timestep / 1000 }
          : {
              alpha: Math.sqrt(alphasCumprod(ditNoiseSchedule)[step.timestep] as number),
              sigma: Math.sqrt(1 - (alphasCumprod(ditNoiseSchedule)[step.timestep] as number)),
            };
      const noisy = addNoise(spec, step, x0, noise);
      noisy.forEach((value, i) => {
        const wanted = share.alpha * (x0[i] as number) + share.sigma * (noise[i] as number);
        // f32 of a sum in f64; a flow's timestep is an f32 too.
        expect(Math.abs(value - wanted)).toBeLessThan(1e-6);
        // What the step foresees of it with the true prediction is the picture.
        const output = prediction(spec, share.alpha, share.sigma, x0[i] as number, noise[i] as number);
        expect(Math.abs(step.x0Sample * value + step.x0Prediction * output - (x0[i] as number))).toBeLessThan(2e-4);
      });
    }
  });

  it.each(specs.filter(([, { kind }]) => kind !== 'ddpm'))('ends at the picture, told the truth: %s', (_, spec) => {
    const [x0, noise] = [torchRandn(3, 8), torchRandn(4, 8)];
    const all = samplerSteps(spec, 10);
    for (const first of [0, 3, 9]) {
      const steps = stepsFrom(all, first);
      expect(steps.map(({ timestep }) => timestep)).toEqual(all.slice(first).map(({ timestep }) => timestep));
      expect(steps[0]?.history).toBe(0);
      let state: { latents: ArrayLike<number>; x0: ArrayLike<number> } = {
        latents: addNoise(spec, steps[0] as (typeof all)[number], x0, noise),
        x0: [],
      };
      for (const step of steps) {
        const alphaBar = spec.kind === 'euler' ? 0 : (alphasCumprod(ditNoiseSchedule)[step.timestep] as number);
        const output = Float64Array.from(x0, (value, i) =>
          prediction(spec, Math.sqrt(alphaBar), Math.sqrt(1 - alphaBar), value, noise[i] as number),
        );
        const size = { batch: 1, latentChannels: 1, modelChannels: 1, plane: 8 } as const;
        state = updateLatents(state, output, size, { scale: 1, channels: 1 }, step);
      }
      x0.forEach((value, i) => {
        expect(Math.abs((state.latents[i] as number) - value)).toBeLessThan(spec.kind === 'euler' ? 1e-5 : 2e-4);
      });
    }
  });

  it('begins with a step of first order where the whole run has one of second', () => {
    const spec = chooseSampler('dpmpp', ditSampler);
    const all = samplerSteps(spec, 20);
    const [second] = stepsFrom(all, 7);
    const before = all[7] as (typeof all)[number];
    expect(before.history).toBeLessThan(0);
    // With the latest x0 in place of the one before, both move alike.
    const [x, eps] = [0.3, -1.1];
    const x0 = before.x0Sample * x + before.x0Prediction * eps;
    const wanted = before.sample * x + before.prediction * eps + before.history * x0;
    expect((second?.sample ?? 0) * x + (second?.prediction ?? 0) * eps).toBeCloseTo(wanted, 12);
    // Algorithm 2 of the paper, order 1: sigma' / sigma x - alpha' (e^-h - 1) x0.
    const alphas = alphasCumprod(ditNoiseSchedule);
    const level = (n: number) => alphas[all[n]?.timestep as number] as number;
    const [a, b] = [level(7), level(8)];
    const h = 0.5 * Math.log(b / (1 - b)) - 0.5 * Math.log(a / (1 - a));
    const first = Math.sqrt((1 - b) / (1 - a)) * x - Math.sqrt(b) * Math.expm1(-h) * x0;
    expect(wanted).toBeCloseTo(first, 12);
  });

  it('leaves a whole run as it is, and nothing of a run without steps', () => {
    for (const [, spec] of specs) {
      const steps = samplerSteps(spec, 5);
      expect(stepsFrom(steps, 0), samplerName(spec)).toEqual(steps);
      expect(stepsFrom(steps, 5)).toEqual([]);
    }
  });
});
