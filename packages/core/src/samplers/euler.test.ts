import { describe, expect, it } from 'vitest';
import { readJson } from '../testing/goldens.ts';
import { samplerSteps } from './sampler.ts';

const schedulers = readJson('goldens/schedulers/schedulers.json') as Record<
  string,
  { timesteps: number[]; sigmas: number[] }
>;
const goldens = Object.keys(schedulers).filter((name) => name.startsWith('flow_euler_shift3_'));
const spec = { kind: 'euler', spacing: 'flow', shift: 3, trainSteps: 1000 } as const;

describe('Euler flow matching', () => {
  it('has goldens to meet', () => {
    expect(goldens).toHaveLength(5);
  });

  it.each(goldens)('visits the timesteps and sigmas of diffusers, to the bit: %s', (name) => {
    const { timesteps, sigmas } = schedulers[name] as (typeof schedulers)[string];
    const steps = samplerSteps(spec, timesteps.length);
    expect(steps.map(({ timestep }) => timestep)).toEqual(timesteps);
    expect(steps.map(({ x0Prediction }) => -x0Prediction)).toEqual(sigmas.slice(0, -1));
  });

  it.each(goldens)('moves latents along the flow, from sigma to sigma: %s', (name) => {
    const { sigmas } = schedulers[name] as (typeof schedulers)[string];
    const [x, v] = [0.7, -1.3];
    samplerSteps(spec, sigmas.length - 1).forEach(({ sample, prediction, history, noise }, n) => {
      expect(sample * x + prediction * v).toBe(x + ((sigmas[n + 1] as number) - (sigmas[n] as number)) * v);
      expect([history, noise]).toEqual([0, 0]);
    });
  });

  it('spaces sigmas evenly without a shift', () => {
    const timesteps = samplerSteps({ ...spec, shift: 1 }, 4).map(({ timestep }) => timestep);
    expect(timesteps).toEqual([1000, 667, 334, 1]);
  });

  it('recovers x0 exactly from a straight flow, and foresees it in every step', () => {
    const [x0, noise] = [0.3, -1.1];
    let x = noise;
    for (const { sample, prediction, x0Sample, x0Prediction } of samplerSteps(spec, 20)) {
      const v = noise - x0;
      expect(x0Sample * x + x0Prediction * v).toBeCloseTo(x0, 12);
      x = sample * x + prediction * v;
    }
    expect(x).toBeCloseTo(x0, 12);
  });

  // Data of a normal distribution: x keeps its distance from the mean in deviations, and the best v is linear in x.
  it('converges to the solution of a linear ODE in first order', () => {
    const [mean, deviation, start] = [0.4, 0.2, 1.5];
    const errors = [40, 80, 160].map((count) => {
      let x = start;
      for (const { timestep, sample, prediction } of samplerSteps({ ...spec, shift: 1 }, count)) {
        const sigma = timestep / 1000;
        const [kept, spread] = [1 - sigma, (1 - sigma) ** 2 * deviation ** 2 + sigma ** 2];
        const v = ((sigma - kept * deviation ** 2) * (x - kept * mean)) / spread - mean;
        x = sample * x + prediction * v;
      }
      return Math.abs(x - (mean + start * deviation));
    }) as [number, number, number];
    expect(errors[0]).toBeLessThan(0.05);
    for (const i of [0, 1] as const) {
      const ratio = errors[i] / (errors[i + 1] as number);
      expect(ratio).toBeGreaterThan(1.7);
      expect(ratio).toBeLessThan(2.3);
    }
  });

  it.each([0, 1.5, 1001])('refuses %s steps', (count) => {
    expect(() => samplerSteps(spec, count)).toThrow(expect.objectContaining({ code: 'bad-argument' }));
  });
});
