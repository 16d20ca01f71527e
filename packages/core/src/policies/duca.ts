import type { StepCompute } from '../plan.ts';
import { maxSteps } from '../samplers/timesteps.ts';
import { numberPolicy } from './number-policy.ts';
import { partialStep, tocaSelection, tocaSteps } from './toca-steps.ts';
import { NumberWords } from './words.ts';

const words = new NumberWords(
  'duca',
  {
    interval: { letter: 'N', default: 3, least: 1, most: maxSteps },
    tokenRatio: { letter: 'r', default: { dit: 0.05, pixart: 0.75 }, least: 0, most: 1, fraction: true },
  },
  ['compat'],
);

/**
 * DuCa: the cycles of ToCa, in which conservative steps, ToCa's own, take turns with aggressive ones, which skip every block
 * and hand the token state of the latest computed step to the final layer. Tokens are chosen by small value norms, so that no
 * attention map is looked at. Zou et al., "Accelerating Diffusion Transformers with Dual Feature Caching"; docs/procache.md 4.
 *
 * `{policy: 'duca', interval, tokenRatio, compat}`, or `duca:N3_r0.05`; `tokenRatio` is 0.75 by default in a PixArt, `compat`
 * as in `toca`.
 */
export const duca = numberPolicy(
  words,
  (run, { interval, tokenRatio, compat }) => {
    const stack = { first: 0, last: run.depth, keep: 'state' } as const;
    return tocaSteps(run, interval, compat).map(({ first, rest, position }, n): StepCompute => {
      if (first && rest) return { kind: 'full' };
      return position % 2 === 0 ? { kind: 'skip', stack } : partialStep(run, n, tokenRatio, first);
    });
  },
  { selection: (run) => ({ ...tocaSelection(run), score: 'value-norm-negative' }) },
);
