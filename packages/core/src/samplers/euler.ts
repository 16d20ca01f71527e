import type { SamplerStep } from '../plan.ts';
import { checkSteps } from './timesteps.ts';

/**
 * Euler's method on a model that predicts the flow v = noise - x0 at `x = (1 - sigma) x0 + sigma noise`. Lipman et al., "Flow Matching
 * for Generative Modeling"; the shift of sigmas is equation 23 of Esser et al., "Scaling Rectified Flow Transformers".
 */
export interface EulerSpec {
  readonly kind: 'euler';
  readonly spacing: 'flow';
  /** 1 spaces sigmas evenly; more takes more of the steps where there is much noise. */
  readonly shift: number;
  /** The model is told sigma times this, which need not be whole. */
  readonly trainSteps: number;
}

/** @throws WebDiTError `bad-argument` for a bad number of steps. */
export function eulerSteps(spec: EulerSpec, steps: number): SamplerStep[] {
  const sigmas = flowSigmas(spec, steps);
  return sigmas.map((sigma, n) => ({
    timestep: Math.fround(sigma * spec.trainSteps),
    sample: 1,
    prediction: (sigmas[n + 1] ?? 0) - sigma,
    x0Sample: 1,
    x0Prediction: -sigma,
    history: 0,
    noise: 0,
  }));
}

/**
 * diffusers' sigmas, as f32 as there: evenly spaced between the greatest and the least of training, which are shifted, and then
 * shifted themselves. So the least is shifted twice.
 */
function flowSigmas({ shift, trainSteps }: EulerSpec, steps: number): number[] {
  checkSteps(steps);
  const first = shiftedF32(shift, 1) * trainSteps;
  const last = shiftedF32(shift, Math.fround(1 / trainSteps)) * trainSteps;
  const stride = steps === 1 ? 0 : (last - first) / (steps - 1);
  return Array.from({ length: steps }, (_, n) => {
    const sigma = (n > 0 && n === steps - 1 ? last : n * stride + first) / trainSteps;
    return Math.fround((shift * sigma) / (1 + (shift - 1) * sigma));
  });
}

/** The shift in f32 arithmetic. */
function shiftedF32(shift: number, sigma: number): number {
  const f32 = Math.fround;
  return f32(f32(f32(shift) * sigma) / f32(1 + f32(f32(shift - 1) * sigma)));
}
