import type { SamplerStep } from '../plan.ts';
import type { NoiseSchedule } from './noise-schedule.ts';

/** What a diffusion model may predict: the noise, or v = alpha eps - sigma x0 (Salimans and Ho, "Progressive Distillation"). */
export const predictionTypes = ['epsilon', 'v_prediction'] as const;

export type PredictionType = (typeof predictionTypes)[number];

/** What all samplers of a diffusion model have in common. */
export interface DiffusionSpec {
  readonly noise: NoiseSchedule;
  readonly predictionType: PredictionType;
  /** Added to every timestep of `leading` spacing. */
  readonly stepsOffset: number;
}

/** How much noise there is at a timestep: `x = alpha x0 + sigma eps`. */
export interface NoiseLevel {
  readonly alpha: number;
  readonly sigma: number;
}

/** @param alphaBar share of the signal in the variance. */
export function noiseLevel(alphaBar: number): NoiseLevel {
  return { alpha: Math.sqrt(alphaBar), sigma: Math.sqrt(1 - alphaBar) };
}

/** x0 as weights of x and what the model predicts there. */
export function foresight(
  predictionType: PredictionType,
  { alpha, sigma }: NoiseLevel,
): Pick<SamplerStep, 'x0Sample' | 'x0Prediction'> {
  switch (predictionType) {
    case 'epsilon':
      return { x0Sample: 1 / alpha, x0Prediction: -sigma / alpha };
    case 'v_prediction':
      return { x0Sample: alpha, x0Prediction: -sigma };
  }
}
