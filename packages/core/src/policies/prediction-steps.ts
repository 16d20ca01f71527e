import type { SamplerStep, StepCompute } from '../plan.ts';
import { interpolationWeights } from './forecast-steps.ts';

/** How predictions are forecast, and put right. */
export interface PredictionForecast {
  /** Highest degree of the polynomial; fewer full steps before it make it lower, and 0 is reuse. */
  readonly order: number;
  /**
   * Share of the forecasts' error that the next full step takes back. How far the forecast at the full step is off tells how far those
   * before it were: by Newton's next term, which grows as the product of the distances from the full steps that were read.
   */
  readonly correction: number;
}

/**
 * Steps of a pattern of 1 (full) and 0, where each 0 runs nothing of the model: its prediction is forecast from those of the latest
 * full steps. This makes the run a linear multistep method on the sampler's own grid: an explicit formula between full steps
 * (Adams and Bashforth), and at a full step, once its prediction is known, a correction of the steps that led there (Milne).
 *
 * @param moves the sampler's steps. One that looks back itself (`history`) is not corrected.
 */
export function predictionSteps(
  pattern: string,
  { order, correction }: PredictionForecast,
  moves: readonly SamplerStep[],
): StepCompute[] {
  const share = moves.some(({ history }) => history !== 0) ? 0 : correction;
  const nodes: number[] = [];
  return [...pattern].map((digit, n): StepCompute => {
    const read = nodes.slice(0, order + 1);
    if (digit !== '1') return { kind: 'forecast', predictions: interpolationWeights(read, n) };
    const [latest = n] = nodes;
    nodes.unshift(n);
    const { sample, prediction } = moves[n] as SamplerStep;
    // a step that goes nowhere, such as DDIM's last at timestep 0 without set_alpha_to_one, has nothing to correct with
    if (share === 0 || n - latest < 2 || prediction === 0) return { kind: 'full' };
    // the latents are off by `drift` x (own prediction - its forecast); the update takes latents x sample + own x prediction
    const own = (sample * share * drift(read, n, moves)) / prediction;
    return { kind: 'full', predictions: [1 + own, ...interpolationWeights(read, n).map((weight) => -own * weight)] };
  });
}

/** What an error of 1 in the forecast at step n has made of the latents there, by the forecasts since the latest full step. */
function drift(read: readonly number[], n: number, moves: readonly SamplerStep[]): number {
  const distance = (at: number) => read.reduce((product, node) => product * (at - node), 1);
  const latest = read[0] as number;
  return moves
    .slice(latest + 1, n)
    .reduce(
      (sum, { sample, prediction }, i) => sample * sum + (prediction * distance(latest + 1 + i)) / distance(n),
      0,
    );
}
