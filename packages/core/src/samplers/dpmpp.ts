import type { SamplerStep } from '../plan.ts';
import { type DiffusionSpec, foresight, type NoiseLevel, noiseLevel, type PredictionType } from './diffusion.ts';
import { alphasCumprod } from './noise-schedule.ts';
import { checkSteps, ddimTimesteps } from './timesteps.ts';

/** How diffusers' `DPMSolverMultistepScheduler` may space timesteps; the first is its default. */
export const dpmppSpacings = ['linspace', 'leading', 'trailing'] as const;

export type DpmppSpacing = (typeof dpmppSpacings)[number];

/**
 * DPM-Solver++ 2M: multistep, order 2, midpoint, final sigma 0. Lu et al., "DPM-Solver++", algorithm 2. Two steps are of first
 * order: the first, which knows no x0 before its own, and the last, which returns x0.
 */
export interface DpmppSpec extends DiffusionSpec {
  readonly kind: 'dpmpp';
  readonly spacing: DpmppSpacing;
}

/** Where a run is on its way from noise to x0; lambda = log(alpha / sigma). */
interface Node extends NoiseLevel {
  readonly lambda: number;
}

/** @throws WebDiTError `bad-argument` for a bad number of steps. */
export function dpmppSteps(spec: DpmppSpec, steps: number): SamplerStep[] {
  const alphas = alphasCumprod(spec.noise);
  const timesteps = dpmppTimesteps(spec, steps);
  const nodes = timesteps.map((t) => nodeOf(alphas[t] as number));
  return timesteps.map((timestep, n) => ({
    timestep,
    ...update(spec.predictionType, nodes[n] as Node, nodes[n + 1], nodes[n - 1]),
  }));
}

/** Those of DDIM for one step more, without the last: there the run ends at x0. Trailing ones end above it by themselves. */
function dpmppTimesteps({ spacing, noise: { trainSteps }, stepsOffset }: DpmppSpec, steps: number): number[] {
  if (spacing === 'trailing') return ddimTimesteps(spacing, steps, trainSteps);
  checkSteps(steps, trainSteps - 1);
  return ddimTimesteps(spacing, steps + 1, trainSteps, stepsOffset).slice(0, -1);
}

function nodeOf(alphaBar: number): Node {
  const level = noiseLevel(alphaBar);
  return { ...level, lambda: Math.log(level.alpha / level.sigma) };
}

/**
 * `x' = (sigma' / sigma) x + alpha' (1 - e^-h) ((1 + 1 / 2r) x0 - (1 / 2r) x0before)` with h the step in lambda and r the step
 * before over it, as weights of x, the prediction and x0before. `alpha' (1 - e^-h)` is `alpha' - alpha sigma' / sigma`.
 *
 * @param to undefined at the end, where sigma' is 0.
 * @param before undefined at the start.
 */
function update(
  predictionType: PredictionType,
  from: Node,
  to: Node | undefined,
  before: Node | undefined,
): Omit<SamplerStep, 'timestep'> {
  const { x0Sample, x0Prediction } = foresight(predictionType, from);
  if (!to) return { sample: x0Sample, prediction: x0Prediction, x0Sample, x0Prediction, history: 0, noise: 0 };
  const kept = to.sigma / from.sigma;
  const moved = to.alpha - from.alpha * kept;
  const halfRatio = before ? (to.lambda - from.lambda) / (2 * (from.lambda - before.lambda)) : 0;
  const weight = moved * (1 + halfRatio);
  return {
    sample: kept + weight * x0Sample,
    prediction: weight * x0Prediction,
    x0Sample,
    x0Prediction,
    history: moved - weight,
    noise: 0,
  };
}
