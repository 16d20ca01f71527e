import { describe, expect, it } from 'vitest';
import { readJson } from '../testing/goldens.ts';
import type { DdimSpec } from './ddim.ts';
import { alphasCumprod, ditNoiseSchedule } from './noise-schedule.ts';
import { ditSampler, samplerSteps } from './sampler.ts';

const schedulers = readJson('goldens/schedulers/schedulers.json') as Record<string, number[]>;

const alphas = alphasCumprod(ditNoiseSchedule);
const alphaAt = (t: number) => alphas[t] as number;

/** One step written the long way: predict x0, then add the noise of the previous alpha. */
function longHand(x: number, eps: number, alpha: number, previous: number): number {
  const x0 = (x - Math.sqrt(1 - alpha) * eps) / Math.sqrt(alpha);
  return Math.sqrt(previous) * x0 + Math.sqrt(1 - previous) * eps;
}

const spacings = ['leading', 'linspace', 'trailing'] as const;

/**
 * A step as diffusers takes it: the prediction is turned into x0 and noise, the timestep before lies a fixed stride back, and there
 * the two are mixed anew.
 */
function diffusersStep(x: number, output: number, timestep: number, spec: DdimSpec, steps: number): number {
  const alpha = alphaAt(timestep);
  const previous = timestep - Math.floor(1000 / steps);
  const previousAlpha = previous >= 0 ? alphaAt(previous) : spec.finalAlphaOne ? 1 : alphaAt(0);
  const byV = spec.predictionType === 'v_prediction';
  const eps = byV ? Math.sqrt(alpha) * output + Math.sqrt(1 - alpha) * x : output;
  const x0 = byV
    ? Math.sqrt(alpha) * x - Math.sqrt(1 - alpha) * output
    : (x - Math.sqrt(1 - alpha) * output) / Math.sqrt(alpha);
  return Math.sqrt(previousAlpha) * x0 + Math.sqrt(1 - previousAlpha) * eps;
}

describe('DDIM', () => {
  it.each(
    spacings.flatMap((spacing) =>
      (['epsilon', 'v_prediction'] as const).flatMap((predictionType) =>
        [true, false].map((finalAlphaOne) => ({ ...ditSampler, spacing, predictionType, finalAlphaOne })),
      ),
    ),
  )('steps as diffusers does: $spacing, $predictionType, set_alpha_to_one $finalAlphaOne', (spec) => {
    for (const count of [1, 4, 20, 30]) {
      const steps = samplerSteps(spec, count);
      expect(steps).toHaveLength(count);
      for (const { timestep, sample, prediction } of steps) {
        const found = sample * 0.7 + prediction * -1.3;
        expect(found, `timestep ${timestep}`).toBeCloseTo(diffusersStep(0.7, -1.3, timestep, spec, count), 10);
      }
    }
  });

  it.each(spacings)('visits the timesteps of diffusers: %s', (spacing) => {
    for (const count of [1, 4, 20, 25, 50]) {
      const timesteps = samplerSteps({ ...ditSampler, spacing }, count).map(({ timestep }) => timestep);
      expect(timesteps).toEqual(schedulers[`ddim_${spacing}_${count}`]);
    }
  });

  it('recovers x0 exactly when the model predicts the true v', () => {
    const steps = samplerSteps({ ...ditSampler, predictionType: 'v_prediction' }, 30);
    const [x0, eps] = [0.3, -1.1];
    let x = Math.sqrt(alphaAt(999)) * x0 + Math.sqrt(1 - alphaAt(999)) * eps;
    for (const { timestep, sample, prediction, x0Sample, x0Prediction } of steps) {
      const v = Math.sqrt(alphaAt(timestep)) * eps - Math.sqrt(1 - alphaAt(timestep)) * x0;
      expect(x0Sample * x + x0Prediction * v).toBeCloseTo(x0, 12);
      x = sample * x + prediction * v;
    }
    expect(x).toBeCloseTo(x0, 12);
  });

  it('takes the next kept step as the previous alpha when respaced, and 1 at the end', () => {
    const steps = samplerSteps(ditSampler, 25);
    expect(steps).toHaveLength(25);
    for (const [n, { timestep, sample, prediction }] of steps.entries()) {
      const next = steps[n + 1];
      const expected = longHand(0.7, -1.3, alphaAt(timestep), next === undefined ? 1 : alphaAt(next.timestep));
      expect(sample * 0.7 + prediction * -1.3).toBeCloseTo(expected, 10);
    }
  });

  it('steps back by 1000 / steps with leading spacing', () => {
    const steps = samplerSteps({ ...ditSampler, spacing: 'leading', stepsOffset: 1 }, 30);
    const { timestep, sample, prediction } = steps[3] as (typeof steps)[number];
    expect(timestep).toBe(26 * 33 + 1);
    expect(sample * 2 + prediction * 0.5).toBeCloseTo(longHand(2, 0.5, alphaAt(859), alphaAt(826)), 10);
  });

  it('ends at alpha-bar of timestep 0 when set_alpha_to_one is off', () => {
    const last = samplerSteps({ ...ditSampler, spacing: 'leading', finalAlphaOne: false }, 10).at(-1);
    expect(last).toMatchObject({ timestep: 0, sample: 1, prediction: 0 });
  });

  it('recovers x0 exactly when the model predicts the true noise, and foresees it in every step', () => {
    for (const spacing of ['respaced', 'linspace', 'trailing', 'leading'] as const) {
      const steps = samplerSteps({ ...ditSampler, spacing }, 50);
      const first = steps[0] as (typeof steps)[number];
      const [x0, eps] = [0.3, -1.1];
      let x = Math.sqrt(alphaAt(first.timestep)) * x0 + Math.sqrt(1 - alphaAt(first.timestep)) * eps;
      for (const { timestep, sample, prediction, x0Sample, x0Prediction, history } of steps) {
        const alpha = alphaAt(timestep);
        const eps = (x - Math.sqrt(alpha) * x0) / Math.sqrt(1 - alpha);
        expect(x0Sample * x + x0Prediction * eps).toBeCloseTo(x0, 8);
        expect(history).toBe(0);
        x = sample * x + prediction * eps;
      }
      expect(x).toBeCloseTo(x0, 8);
    }
  });
});
