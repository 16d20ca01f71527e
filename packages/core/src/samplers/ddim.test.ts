import { describe, expect, it } from 'vitest';
import { alphasCumprod, ditNoiseSchedule } from './noise-schedule.ts';
import { ditSampler, samplerSteps } from './sampler.ts';

const alphas = alphasCumprod(ditNoiseSchedule);
const alphaAt = (t: number) => alphas[t] as number;

/** One step written the long way: predict x0, then add the noise of the previous alpha. */
function longHand(x: number, eps: number, alpha: number, previous: number): number {
  const x0 = (x - Math.sqrt(1 - alpha) * eps) / Math.sqrt(alpha);
  return Math.sqrt(previous) * x0 + Math.sqrt(1 - previous) * eps;
}

describe('DDIM', () => {
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
