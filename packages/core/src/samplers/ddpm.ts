import type { SamplerStep } from '../plan.ts';
import { type DiffusionSpec, foresight, noiseLevel } from './diffusion.ts';
import { alphasCumprod } from './noise-schedule.ts';
import { ddimTimesteps, type TimestepSpacing } from './timesteps.ts';

/**
 * DDPM: every step draws from the distribution of the next one kept. Ho et al., "Denoising Diffusion Probabilistic Models",
 * equations 6 and 7, between kept steps.
 */
export interface DdpmSpec extends DiffusionSpec {
  readonly kind: 'ddpm';
  readonly spacing: TimestepSpacing;
  /** Variance of the noise of a step: that of the posterior for data of one point, or beta, for data that is noise itself. */
  readonly variance: 'fixed_small' | 'fixed_large';
}

/** diffusers' least variance of a step. */
const leastVariance = 1e-20;

/** @throws WebDiTError `bad-argument` for a bad number of steps. */
export function ddpmSteps(spec: DdpmSpec, steps: number): SamplerStep[] {
  const { spacing, noise, predictionType } = spec;
  const alphas = alphasCumprod(noise);
  const timesteps = ddimTimesteps(spacing, steps, noise.trainSteps, spec.stepsOffset);
  return timesteps.map((timestep, n) => {
    const next = timesteps[n + 1];
    const alphaBar = alphas[timestep] as number;
    const previous = next === undefined ? 1 : (alphas[next] as number);
    const beta = 1 - alphaBar / previous;
    const rest = (1 - previous) / (1 - alphaBar);
    const weight = (Math.sqrt(previous) * beta) / (1 - alphaBar);
    const x0 = foresight(predictionType, noiseLevel(alphaBar));
    const variance = spec.variance === 'fixed_small' ? Math.max(rest * beta, leastVariance) : beta;
    return {
      timestep,
      sample: Math.sqrt(alphaBar / previous) * rest + weight * x0.x0Sample,
      prediction: weight * x0.x0Prediction,
      ...x0,
      history: 0,
      noise: timestep > 0 ? Math.sqrt(variance) : 0,
    };
  });
}
