import { maxSteps } from '../samplers/timesteps.ts';
import { forecastSteps } from './forecast-steps.ts';
import { numberPolicy } from './number-policy.ts';
import { NumberWords } from './words.ts';

const words = new NumberWords('taylorseer', {
  interval: { letter: 'N', default: 3, least: 1, most: maxSteps },
  order: { letter: 'O', default: 2, least: 0, most: 4 },
});

/** Full steps of TaylorSeer: the first two, then every N-th. With T = 50, N = 3, 4, 5, 6 make 18, 14, 11, 10. */
export function taylorSeerPattern(steps: number, interval: number): string {
  return Array.from({ length: steps }, (_, n) => (n === 0 || (n - 1) % interval === 0 ? '1' : '0')).join('');
}

/**
 * Forecasts every branch of every layer between full steps a fixed interval apart: the polynomial of `order` through its outputs
 * at the latest full steps, in Newton's divided differences on the steps where they were taken, so that uneven spacing (the
 * first two steps) is exact too. Fewer full steps than the order needs give a lower order. Order 0 is plain reuse. Liu et al.,
 * "From Reusable to Forecasting: Accelerating Diffusion Models with TaylorSeers"; docs/procache.md 4.
 *
 * `{policy: 'taylorseer', interval, order}`, or `taylorseer:N3_O2`.
 */
export const taylorseer = numberPolicy(words, ({ steps }, { interval, order }) =>
  forecastSteps(taylorSeerPattern(steps, interval), () => order),
);
