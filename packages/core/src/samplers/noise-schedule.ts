/** How much noise each training step adds. */
export interface NoiseSchedule {
  readonly betaSchedule: 'linear' | 'scaled_linear';
  readonly betaStart: number;
  readonly betaEnd: number;
  readonly trainSteps: number;
}

/** The schedule DiT was trained with: 1000 linear betas from 1e-4 to 0.02. */
export const ditNoiseSchedule: NoiseSchedule = {
  betaSchedule: 'linear',
  betaStart: 1e-4,
  betaEnd: 0.02,
  trainSteps: 1000,
};

/** alpha-bar of every training step, `[trainSteps]`: the product of (1 - beta) up to and with that step, in f64. */
export function alphasCumprod(schedule: NoiseSchedule): Float64Array {
  const { betaSchedule, betaStart, betaEnd, trainSteps } = schedule;
  const scaled = betaSchedule === 'scaled_linear';
  const first = scaled ? Math.sqrt(betaStart) : betaStart;
  const last = scaled ? Math.sqrt(betaEnd) : betaEnd;
  const out = new Float64Array(trainSteps);
  let product = 1;
  for (let t = 0; t < trainSteps; t++) {
    const value = trainSteps === 1 ? first : first + ((last - first) * t) / (trainSteps - 1);
    product *= 1 - (scaled ? value * value : value);
    out[t] = product;
  }
  return out;
}
