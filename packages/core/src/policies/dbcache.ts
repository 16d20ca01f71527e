import { WebDiTError } from '../errors.ts';
import type { StepCompute } from '../plan.ts';
import { maxSteps } from '../samplers/timesteps.ts';
import { numberPolicy } from './number-policy.ts';
import { NumberWords } from './words.ts';

const words = new NumberWords('dbcache', {
  /** Blocks at the front that every step computes, and whose change decides; and blocks at the back. */
  front: { letter: 'F', default: 1, least: 1, most: 1000 },
  back: { letter: 'B', default: 0, least: 0, most: 1000 },
  threshold: { letter: 't', default: 0.08, least: 0, most: 100, fraction: true },
  /** Steps at the beginning that are all computed. */
  warmup: { letter: 'w', default: 8, least: 1, most: maxSteps },
  /** Most skips in a row, and in all; 0 for no limit. */
  maxContinuous: { letter: 'c', default: 0, least: 0, most: maxSteps },
  maxCached: { letter: 'm', default: 0, least: 0, most: maxSteps },
});

/**
 * Computes the first blocks of every step; where what they add has hardly changed since the latest step that was computed whole, it
 * skips the blocks in the middle and adds what they added then. One scalar a step is read back. With one block in front and none at
 * the back, the default, it is First-Block-Cache. DBCache of cache-dit, whose own default is 8 blocks in front, of models that have
 * several times as many.
 *
 * `{policy: 'dbcache', front, back, threshold, warmup, maxContinuous, maxCached}`, or `dbcache:F1_B0_t0.08_w8`.
 */
export const dbcache = numberPolicy(
  words,
  ({ steps, depth }, { front, back, warmup }) => {
    const stack = { first: front, last: depth - back, keep: 'residual' } as const;
    if (stack.first >= stack.last) {
      throw new WebDiTError(
        'bad-argument',
        `${front} blocks in front and ${back} at the back leave none of the model's ${depth} to skip.`,
        'Use fewer.',
      );
    }
    return Array.from({ length: steps }, (_, n): StepCompute => {
      return { kind: 'full', stack, probe: { at: 'blocks', against: 'computed', asks: n >= warmup } };
    });
  },
  {
    decision: (_, { threshold, maxContinuous, maxCached }) => {
      return { rule: 'dbcache', threshold, maxContinuous: maxContinuous || null, maxCached: maxCached || null };
    },
  },
);
