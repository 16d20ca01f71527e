import type { SamplerStep } from '../plan.ts';
import { alphasCumprod, type NoiseSchedule } from './noise-schedule.ts';
import { ddimTimesteps, type TimestepSpacing } from './timesteps.ts';

/** DDIM with eta 0 on a model that predicts epsilon. Song et al., "Denoising Diffusion Implicit Models", equation 12. */
export interface DdimSpec {
  readonly kind: 'ddim';
  readonly spacing: TimestepSpacing;
  readonly noise: NoiseSchedule;
  /** Added to every timestep of `leading` spacing. */
  readonly stepsOffset: number;
  /** alpha-bar after the last step: 1, or else that of timestep 0. */
  readonly finalAlphaOne: boolean;
}

/** @throws WebDiTError `bad-argument` for a bad number of steps. */
export function ddimSteps(spec: DdimSpec, steps: number): SamplerStep[] {
  const { spacing, noise } = spec;
  const alphas = alphasCumprod(noise);
  const timesteps = ddimTimesteps(spacing, steps, noise.trainSteps, spec.stepsOffset);
  const finalAlpha = spec.finalAlphaOne ? 1 : (alphas[0] as number);
  // diffusers steps back by a fixed stride whatever the spacing, so that its previous step may not be the next one kept
  const stride = Math.floor(noise.trainSteps / steps);
  return timesteps.map((timestep, n) => {
    const previous = spacing === 'respaced' ? timesteps[n + 1] : timestep - stride;
    const previousAlpha = previous === undefined || previous < 0 ? finalAlpha : (alphas[previous] as number);
    return ddimStep(timestep, alphas[timestep] as number, previousAlpha);
  });
}

/**
 * x0 = (x - sqrt(1 - a) eps) / sqrt(a), then x' = sqrt(a') x0 + sqrt(1 - a') eps, as weights of x and eps.
 *
 * @param previousAlpha a', after the step: diffusers' word.
 */
function ddimStep(timestep: number, alpha: number, previousAlpha: number): SamplerStep {
  const sample = Math.sqrt(previousAlpha / alpha);
  return {
    timestep,
    sample,
    prediction: Math.sqrt(1 - previousAlpha) - sample * Math.sqrt(1 - alpha),
    x0Sample: Math.sqrt(1 / alpha),
    x0Prediction: -Math.sqrt(1 / alpha - 1),
    history: 0,
    noise: 0,
  };
}
