import type { StepCompute } from '../plan.ts';
import { maxSteps } from '../samplers/timesteps.ts';
import { numberPolicy } from './number-policy.ts';
import { partialStep, tocaSelection, tocaSteps } from './toca-steps.ts';
import { NumberWords } from './words.ts';

const words = new NumberWords(
  'toca',
  {
    interval: { letter: 'N', default: 3, least: 1, most: maxSteps },
    tokenRatio: { letter: 'r', default: { dit: 0.07, pixart: 0.3 }, least: 0, most: 1, fraction: true },
  },
  ['compat'],
);

/**
 * ToCa: every step between two full ones recomputes some tokens of the MLP in all layers, chosen by the attention they receive;
 * more of them late in the run and deep in the model. In a PixArt the MLP's and the cross-attention's, by the entropy of the
 * cross-attention, and fewer of them late and deep. Zou et al., "Accelerating Diffusion Transformers with Token-wise Feature
 * Caching"; docs/procache.md 4.
 *
 * `{policy: 'toca', interval, tokenRatio, compat}`, or `toca:N3_r0.07`; `tokenRatio` is 0.3 by default in a PixArt. `compat`
 * repeats a quirk of the authors' code behind their published FLOPs of DiT: at some full steps only block 0 is computed in full.
 */
export const toca = numberPolicy(
  words,
  (run, { interval, tokenRatio, compat }) =>
    tocaSteps(run, interval, compat).map(({ first, rest }, n): StepCompute => {
      return first && rest ? { kind: 'full' } : partialStep(run, n, tokenRatio, first);
    }),
  { selection: (run) => tocaSelection(run) },
);
