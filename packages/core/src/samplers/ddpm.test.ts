import { describe, expect, it } from 'vitest';
import { readJson } from '../testing/goldens.ts';
import type { DdpmSpec } from './ddpm.ts';
import { alphasCumprod, ditNoiseSchedule } from './noise-schedule.ts';
import { samplerSteps } from './sampler.ts';
import { timestepSpacings } from './timesteps.ts';

const schedulers = readJson('goldens/schedulers/schedulers.json') as Record<string, number[]>;
const spec: DdpmSpec = {
  kind: 'ddpm',
  spacing: 'leading',
  noise: ditNoiseSchedule,
  predictionType: 'epsilon',
  stepsOffset: 0,
  variance: 'fixed_small',
};
const alphas = alphasCumprod(ditNoiseSchedule);
/** alpha-bar at the timestep of a step and of the next one, which is 1 after the last. */
const alphaBars = (steps: readonly { timestep: number }[], n: number) => {
  const next = steps[n + 1];
  const timestep = (steps[n] as { timestep: number }).timestep;
  return [alphas[timestep] as number, next ? (alphas[next.timestep] as number) : 1] as const;
};

describe('DDPM', () => {
  it.each(['leading', 'linspace', 'trailing'] as const)('visits the timesteps of diffusers: %s', (spacing) => {
    for (const count of [1, 4, 20, 25, 50]) {
      const timesteps = samplerSteps({ ...spec, spacing }, count).map(({ timestep }) => timestep);
      expect(timesteps).toEqual(schedulers[`ddim_${spacing}_${count}`]);
    }
  });

  // Equation 11 of the paper, with alpha and beta from one kept step to the next; diffusers computes equation 7.
  it.each(timestepSpacings)("moves latents to the mean of the paper's equation 11: %s", (spacing) => {
    for (const count of [4, 30, 1000]) {
      const steps = samplerSteps({ ...spec, spacing }, count);
      for (const [n, { sample, prediction }] of steps.entries()) {
        const [bar, next] = alphaBars(steps, n);
        const alpha = bar / next;
        const expected = (0.7 - ((1 - alpha) / Math.sqrt(1 - bar)) * -1.3) / Math.sqrt(alpha);
        expect(Math.abs((sample * 0.7 + prediction * -1.3) / expected - 1), `step ${n}`).toBeLessThan(1e-10);
      }
    }
  });

  it('adds noise of the variance asked for at every timestep but 0', () => {
    for (const spacing of timestepSpacings) {
      const small = samplerSteps({ ...spec, spacing }, 20);
      const large = samplerSteps({ ...spec, spacing, variance: 'fixed_large' }, 20);
      for (const [n, { timestep, noise }] of small.entries()) {
        const [bar, next] = alphaBars(small, n);
        const beta = 1 - bar / next;
        const drawn = timestep > 0 ? 1 : 0;
        expect(noise ** 2).toBeCloseTo(drawn * ((1 - next) / (1 - bar)) * beta, 12);
        expect((large[n] as (typeof large)[number]).noise ** 2).toBeCloseTo(drawn * beta, 12);
      }
    }
  });

  it('draws noise in a last step above timestep 0 too, however little, as diffusers does', () => {
    const last = (spacing: DdpmSpec['spacing']) => samplerSteps({ ...spec, spacing }, 20).at(-1);
    expect(last('trailing')).toMatchObject({ timestep: 49, noise: 1e-10 });
    expect(last('leading')).toMatchObject({ timestep: 0, noise: 0 });
  });

  // Small noise is right for data of one point, whose spread is that of the noise alone.
  it('keeps the spread of latents right for data of one point', () => {
    const steps = samplerSteps({ ...spec, spacing: 'linspace' }, 25);
    let spread = 1 - alphaBars(steps, 0)[0];
    for (const [n, { sample, prediction, noise }] of steps.entries()) {
      const [bar, next] = alphaBars(steps, n);
      spread = (sample + prediction / Math.sqrt(1 - bar)) ** 2 * spread + noise ** 2;
      expect(spread).toBeCloseTo(1 - next, 10);
    }
  });

  // Large noise is right for data that is normal noise itself: latents of every timestep have variance 1.
  it('keeps the variance of latents at 1 for data of variance 1', () => {
    const steps = samplerSteps({ ...spec, variance: 'fixed_large' }, 25);
    for (const [n, { sample, prediction, noise, timestep }] of steps.entries()) {
      const [bar] = alphaBars(steps, n);
      // the last step of leading spacing draws none, and ends at x0
      const expected = timestep > 0 ? 1 : bar;
      expect((sample + prediction * Math.sqrt(1 - bar)) ** 2 + noise ** 2).toBeCloseTo(expected, 10);
    }
  });

  it('moves latents the same by v as by the noise that it stands for, and foresees x0', () => {
    const byNoise = samplerSteps(spec, 20);
    for (const [n, step] of samplerSteps({ ...spec, predictionType: 'v_prediction' }, 20).entries()) {
      const { sample, prediction, noise } = byNoise[n] as (typeof byNoise)[number];
      const [bar] = alphaBars(byNoise, n);
      const [x0, eps] = [0.4, -1.3];
      const x = Math.sqrt(bar) * x0 + Math.sqrt(1 - bar) * eps;
      const v = Math.sqrt(bar) * eps - Math.sqrt(1 - bar) * x0;
      expect(step.sample * x + step.prediction * v).toBeCloseTo(sample * x + prediction * eps, 10);
      expect(step.x0Sample * x + step.x0Prediction * v).toBeCloseTo(x0, 12);
      expect([step.noise, step.history]).toEqual([noise, 0]);
    }
  });
});
