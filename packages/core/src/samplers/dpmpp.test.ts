import { describe, expect, it } from 'vitest';
import type { SamplerStep } from '../plan.ts';
import { readJson } from '../testing/goldens.ts';
import type { DpmppSpec } from './dpmpp.ts';
import { alphasCumprod, ditNoiseSchedule } from './noise-schedule.ts';
import { chooseSampler, ditSampler, samplerSteps } from './sampler.ts';

const spec: DpmppSpec = {
  kind: 'dpmpp',
  spacing: 'linspace',
  noise: ditNoiseSchedule,
  predictionType: 'epsilon',
  stepsOffset: 0,
};
const schedulers = readJson('goldens/schedulers/schedulers.json') as Record<
  string,
  { timesteps: number[]; sigmas: number[] }
>;
const goldens = Object.keys(schedulers).filter((name) => name.startsWith('dpmpp_linspace_'));
const alphas = alphasCumprod(ditNoiseSchedule);

/** Moves one number through a run; `predict` is the model. */
function run(steps: readonly SamplerStep[], start: number, predict: (x: number, timestep: number) => number): number {
  let [x, before] = [start, Number.NaN];
  for (const { timestep, sample, prediction, x0Sample, x0Prediction, history } of steps) {
    const eps = predict(x, timestep);
    const x0 = x0Sample * x + x0Prediction * eps;
    x = sample * x + prediction * eps + (history === 0 ? 0 : history * before);
    before = x0;
  }
  return x;
}

/** The update as diffusers' docs write it, sigmas in f64 from the goldens: D0 = x0, D1 = (x0 - x0before) / r. */
function longHand(sigmas: readonly number[], x: number, n: number, x0: number, before: number): number {
  const alphaOf = (sigma: number) => 1 / Math.sqrt(sigma ** 2 + 1);
  const [s, t] = [sigmas[n] as number, sigmas[n + 1] as number];
  if (t === 0) return x0;
  const h = Math.log(s) - Math.log(t);
  const first = ((t * alphaOf(t)) / (s * alphaOf(s))) * x - alphaOf(t) * Math.expm1(-h) * x0;
  if (n === 0) return first;
  const r = (Math.log(sigmas[n - 1] as number) - Math.log(s)) / h;
  return first - 0.5 * alphaOf(t) * Math.expm1(-h) * ((x0 - before) / r);
}

describe('DPM-Solver++ 2M', () => {
  it('has goldens to meet', () => {
    expect(goldens).toHaveLength(5);
  });

  it.each(goldens)('visits the timesteps and sigmas of diffusers: %s', (name) => {
    const { timesteps, sigmas } = schedulers[name] as (typeof schedulers)[string];
    const steps = samplerSteps(spec, timesteps.length);
    expect(steps.map(({ timestep }) => timestep)).toEqual(timesteps);
    // Four times the worst measured, 9.3e-6: diffusers' alphas are f32, and their distance from 1 is small at the end.
    steps.forEach(({ x0Prediction }, n) => {
      expect(Math.abs(-x0Prediction / (sigmas[n] as number) - 1)).toBeLessThan(4e-5);
    });
  });

  it.each(goldens)('moves latents by the published formula: %s', (name) => {
    const { sigmas } = schedulers[name] as (typeof schedulers)[string];
    const [x, eps, before] = [0.7, -1.3, 0.4];
    samplerSteps(spec, sigmas.length - 1).forEach((step, n) => {
      const sigma = sigmas[n] as number;
      const x0 = Math.sqrt(sigma ** 2 + 1) * x - sigma * eps;
      const found = step.sample * x + step.prediction * eps + step.history * before;
      expect(Math.abs(found - longHand(sigmas, x, n, x0, before)), `step ${n}`).toBeLessThan(1e-5 * Math.abs(x0));
    });
  });

  it('moves latents the same by v as by the noise that it stands for', () => {
    const byNoise = samplerSteps(spec, 12);
    samplerSteps({ ...spec, predictionType: 'v_prediction' }, 12).forEach((step, n) => {
      const { timestep, sample, prediction, history } = byNoise[n] as SamplerStep;
      const [alpha, sigma] = [Math.sqrt(alphas[timestep] as number), Math.sqrt(1 - (alphas[timestep] as number))];
      const [x0, eps, before] = [0.4, -1.3, 0.6];
      const [x, v] = [alpha * x0 + sigma * eps, alpha * eps - sigma * x0];
      expect(step.sample * x + step.prediction * v + step.history * before).toBeCloseTo(
        sample * x + prediction * eps + history * before,
        9,
      );
      expect(step.x0Sample * x + step.x0Prediction * v).toBeCloseTo(x0, 12);
      expect(step.timestep).toBe(timestep);
    });
  });

  it('starts as DDIM does, ends at x0, and looks back in between', () => {
    for (const spacing of ['linspace', 'leading', 'trailing'] as const) {
      const steps = samplerSteps({ ...spec, spacing }, 12);
      const [first, second] = steps as [SamplerStep, SamplerStep];
      const last = steps.at(-1) as SamplerStep;
      const [a, b] = [alphas[first.timestep] as number, alphas[second.timestep] as number];
      expect(first.sample).toBeCloseTo(Math.sqrt(b / a), 9);
      expect(first.prediction).toBeCloseTo(Math.sqrt(1 - b) - Math.sqrt((b / a) * (1 - a)), 9);
      expect([last.sample, last.prediction]).toEqual([last.x0Sample, last.x0Prediction]);
      expect(steps.map(({ history }) => Math.sign(history))).toEqual([0, ...Array(10).fill(-1), 0]);
    }
  });

  it('spaces timesteps as diffusers does', () => {
    const timesteps = (spacing: DpmppSpec['spacing'], steps: number, stepsOffset = 0) =>
      samplerSteps({ ...spec, spacing, stepsOffset }, steps).map(({ timestep }) => timestep);
    expect(timesteps('leading', 4)).toEqual([800, 600, 400, 200]);
    expect(timesteps('leading', 4, 1)).toEqual([801, 601, 401, 201]);
    expect(timesteps('trailing', 4)).toEqual([999, 749, 499, 249]);
    expect(samplerSteps({ ...spec, spacing: 'trailing' }, 1000).every(({ sample }) => Number.isFinite(sample))).toBe(
      true,
    );
  });

  it.each([0, 1.5, 1000])('refuses %s steps, whose timesteps would not all differ', (steps) => {
    expect(() => samplerSteps(spec, steps)).toThrow(expect.objectContaining({ code: 'bad-argument' }));
    expect(samplerSteps(spec, 999).every(({ sample }) => Number.isFinite(sample))).toBe(true);
  });

  it('recovers x0 exactly when the model predicts the true noise', () => {
    const steps = samplerSteps(spec, 20);
    const first = alphas[999] as number;
    const x0 = 0.3;
    const start = Math.sqrt(first) * x0 - 1.1 * Math.sqrt(1 - first);
    const trueNoise = (x: number, t: number) =>
      (x - Math.sqrt(alphas[t] as number) * x0) / Math.sqrt(1 - (alphas[t] as number));
    expect(run(steps, start, trueNoise)).toBeCloseTo(x0, 9);
  });

  // Data of a normal distribution: the best prediction is linear in x, and the ODE keeps (x - mean) / deviation as it is.
  it('converges to the solution of a linear ODE in second order, where DDIM does in first', () => {
    const [mean, deviation] = [0.4, 0.2];
    const spreadAt = (a: number) => Math.sqrt(a * deviation ** 2 + 1 - a);
    const predict = (x: number, t: number) => {
      const a = alphas[t] as number;
      return (Math.sqrt(1 - a) * (x - Math.sqrt(a) * mean)) / spreadAt(a) ** 2;
    };
    const first = alphas[999] as number;
    const start = Math.sqrt(first) * mean + 1.5 * spreadAt(first);
    const errors = (name: string) =>
      [40, 80, 160].map((n) => {
        const found = run(samplerSteps(chooseSampler(name, ditSampler), n), start, predict);
        return Math.abs(found - (mean + 1.5 * deviation));
      }) as [number, number, number];
    const [ddim, dpmpp] = [errors('ddim'), errors('dpmpp')];
    // Halving the steps' size divides DDIM's error by 1.94 twice, this one's by 4.3 and 3.4.
    for (const i of [0, 1] as const) {
      expect(ddim[i] / (ddim[i + 1] as number)).toBeLessThan(2.05);
      expect(dpmpp[i] / (dpmpp[i + 1] as number)).toBeGreaterThan(3.2);
    }
    expect(dpmpp[2]).toBeLessThan(ddim[2] / 6);
  });
});
