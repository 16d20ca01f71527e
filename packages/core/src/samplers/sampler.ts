import type { SamplerStep } from '../plan.ts';
import { type DdimSpec, ddimEstimates, ddimSteps } from './ddim.ts';
import { ditNoiseSchedule } from './noise-schedule.ts';
import type { UpdateCoefficients } from './update.ts';

/** A sampler and all that fixes its numbers. One member per file of this folder. */
export type SamplerSpec = DdimSpec;

/** The sampler of the original DiT, for checkpoints that carry no scheduler config. */
export const ditSampler: SamplerSpec = {
  kind: 'ddim',
  spacing: 'respaced',
  noise: ditNoiseSchedule,
  stepsOffset: 0,
  finalAlphaOne: true,
};

/** The name a plan and a schedule carry, such as `ddim-respaced`. */
export function samplerName(spec: SamplerSpec): string {
  return `${spec.kind}-${spec.spacing}`;
}

/**
 * Timesteps and update coefficients of a run, in denoising order.
 *
 * @throws WebDiTError `bad-argument` for a bad number of steps.
 */
export function samplerSteps(spec: SamplerSpec, steps: number): SamplerStep[] {
  return ddimSteps(spec, steps);
}

/**
 * What the latents after each step and its prediction say about the final latents, `x0 = sample x' + prediction eps`, in denoising
 * order. `updateLatents` computes it.
 *
 * @throws WebDiTError `bad-argument` for a bad number of steps.
 */
export function samplerEstimates(spec: SamplerSpec, steps: number): UpdateCoefficients[] {
  return ddimEstimates(spec, steps);
}
