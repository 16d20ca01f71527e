import { maxSteps } from '../samplers/timesteps.ts';
import { numberPolicy } from './number-policy.ts';
import { patternSteps } from './pattern-steps.ts';
import { NumberWords } from './words.ts';

const words = new NumberWords('fora', { interval: { letter: 'N', default: 3, least: 1, most: maxSteps } });

/**
 * Full steps of FORA in denoising order: the first step, and every N-th counted back from the last, which is always full. With
 * T = 50 and N = 3 that is `11001001...001`, 18 full steps; N = 2, 4, 5, 6 make 26, 14, 11, 10. Selvaraju et al.,
 * "FORA: Fast-Forward Caching in Diffusion Transformer Acceleration"; docs/procache.md 4.
 */
export function foraPattern(steps: number, interval: number): string {
  return Array.from({ length: steps }, (_, n) => (n === 0 || (steps - 1 - n) % interval === 0 ? '1' : '0')).join('');
}

/**
 * Reuses every branch of every layer between full steps a fixed interval apart. `{policy: 'fora', interval}`, or `fora:3`;
 * the interval defaults to 3.
 */
export const fora = numberPolicy(words, ({ steps }, { interval }) =>
  patternSteps(foraPattern(steps, interval), () => ({})),
);
