import type { SamplerStep } from '../plan.ts';
import { alphasCumprod, type NoiseSchedule } from './noise-schedule.ts';
import { ddimTimesteps, type TimestepSpacing } from './timesteps.ts';
import type { UpdateCoefficients } from './update.ts';

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
  return visits(spec, steps).map(({ timestep, alpha, previousAlpha }) => ddimStep(timestep, alpha, previousAlpha));
}

/** x0 as each step sees it, from the latents after the step. @throws WebDiTError `bad-argument` for a bad number of steps. */
export function ddimEstimates(spec: DdimSpec, steps: number): UpdateCoefficients[] {
  return visits(spec, steps).map(({ previousAlpha }) => {
    return { sample: Math.sqrt(1 / previousAlpha), prediction: -Math.sqrt(1 / previousAlpha - 1) };
  });
}

/** The timesteps with alpha-bar before (`alpha`) and after (`previousAlpha`, diffusers' word) each step. */
function visits(spec: DdimSpec, steps: number): { timestep: number; alpha: number; previousAlpha: number }[] {
  const { spacing, noise } = spec;
  const alphas = alphasCumprod(noise);
  const timesteps = ddimTimesteps(spacing, steps, noise.trainSteps, spec.stepsOffset);
  const finalAlpha = spec.finalAlphaOne ? 1 : (alphas[0] as number);
  // diffusers steps back by a fixed stride whatever the spacing, so that its previous step may not be the next one kept
  const stride = Math.floor(noise.trainSteps / steps);
  return timesteps.map((timestep, n) => {
    const previous = spacing === 'respaced' ? timesteps[n + 1] : timestep - stride;
    const previousAlpha = previous === undefined || previous < 0 ? finalAlpha : (alphas[previous] as number);
    return { timestep, alpha: alphas[timestep] as number, previousAlpha };
  });
}

/** x0 = (x - sqrt(1 - a) eps) / sqrt(a), then x' = sqrt(a') x0 + sqrt(1 - a') eps, as two coefficients. */
function ddimStep(timestep: number, alpha: number, previousAlpha: number): SamplerStep {
  const sample = Math.sqrt(previousAlpha / alpha);
  return { timestep, sample, prediction: Math.sqrt(1 - previousAlpha) - sample * Math.sqrt(1 - alpha) };
}
