import { WebDiTError } from '../errors.ts';
import type { StepCompute } from '../plan.ts';
import { maxSteps } from '../samplers/timesteps.ts';
import { foraPattern } from './fora.ts';
import { numberPolicy } from './number-policy.ts';
import { NumberWords } from './words.ts';

const words = new NumberWords('delta-dit', {
  interval: { letter: 'N', default: 3, least: 1, most: maxSteps },
  /** Percent of the blocks that a skip leaves out, and of the steps after which it is the front ones. */
  blocks: { letter: 'b', default: 75, least: 1, most: 100 },
  cutoff: { letter: 'c', default: 50, least: 0, most: 100 },
});

/**
 * Delta-DiT: between full steps a fixed interval apart it adds the change that a range of blocks made last, in place of those
 * blocks: the rear ones early in the run, when they matter less, and the front ones after the cut-off. Chen et al., "Delta-DiT:
 * A Training-Free Acceleration Method Tailored for Diffusion Transformers"; docs/procache.md 4.
 *
 * `{policy: 'delta-dit', interval, blocks, cutoff}`, the last two in percent, or `delta-dit:N3_b75_c50`.
 */
export const deltaDit = numberPolicy(words, (run, { interval, blocks, cutoff }) => {
  const { depth } = run;
  const skipped = Math.round((blocks / 100) * depth);
  if (skipped === 0) {
    throw new WebDiTError(
      'bad-argument',
      `${blocks} % of the model's ${depth} blocks are none.`,
      'Use a higher percentage of blocks.',
    );
  }
  const rear = { first: depth - skipped, last: depth, keep: 'residual' } as const;
  const front = { first: 0, last: skipped, keep: 'residual' } as const;
  let range: typeof rear | typeof front = rear;
  return [...foraPattern(run.steps, interval)].map((digit, n): StepCompute => {
    if (digit !== '1') return { kind: 'skip', stack: range };
    // what a skip adds is what its full step has kept
    range = n < (cutoff / 100) * run.steps ? rear : front;
    return { kind: 'full' };
  });
});
