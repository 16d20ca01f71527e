import type { SamplerStep } from '../plan.ts';
import { type DiffusionSpec, foresight, type NoiseLevel, noiseLevel, type PredictionType } from './diffusion.ts';
import { alphasCumprod } from './noise-schedule.ts';
import { ddimTimesteps, type TimestepSpacing } from './timesteps.ts';

/** DDIM with eta 0. Song et al., "Denoising Diffusion Implicit Models", equation 12. */
export interface DdimSpec extends DiffusionSpec {
  readonly kind: 'ddim';
  readonly spacing: TimestepSpacing;
  /** alpha-bar after the last step: 1, or else that of timestep 0. */
  readonly finalAlphaOne: boolean;
}

/** @throws WebDiTError `bad-argument` for a bad number of steps. */
export function ddimSteps(spec: DdimSpec, steps: number): SamplerStep[] {
  const { spacing, noise, predictionType } = spec;
  const alphas = alphasCumprod(noise);
  const timesteps = ddimTimesteps(spacing, steps, noise.trainSteps, spec.stepsOffset);
  const finalAlpha = spec.finalAlphaOne ? 1 : (alphas[0] as number);
  // diffusers steps back by a fixed stride whatever the spacing, so that its previous step may not be the next one kept
  const stride = Math.floor(noise.trainSteps / steps);
  return timesteps.map((timestep, n) => {
    const previous = spacing === 'respaced' ? timesteps[n + 1] : timestep - stride;
    const previousAlpha = previous === undefined || previous < 0 ? finalAlpha : (alphas[previous] as number);
    const from = noiseLevel(alphas[timestep] as number);
    return {
      timestep,
      ...move(predictionType, from, noiseLevel(previousAlpha)),
      ...foresight(predictionType, from),
      history: 0,
      noise: 0,
    };
  });
}

/** `x' = alpha' x0 + sigma' eps` as weights of x and the prediction. */
function move(
  predictionType: PredictionType,
  from: NoiseLevel,
  to: NoiseLevel,
): Pick<SamplerStep, 'sample' | 'prediction'> {
  switch (predictionType) {
    case 'epsilon': {
      const sample = to.alpha / from.alpha;
      return { sample, prediction: to.sigma - sample * from.sigma };
    }
    case 'v_prediction':
      // a rotation: v is x a quarter of a turn further on
      return {
        sample: to.alpha * from.alpha + to.sigma * from.sigma,
        prediction: to.sigma * from.alpha - to.alpha * from.sigma,
      };
  }
}
