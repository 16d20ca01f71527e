import type { StepCompute } from '../plan.ts';
import { needCalibration } from '../schedule/calibration.ts';
import { fitPolynomial } from './fit-polynomial.ts';
import { numberPolicy } from './number-policy.ts';
import type { RunSpec } from './policy.ts';
import { NumberWords } from './words.ts';

const words = new NumberWords('teacache', {
  /** Change that adds up to a computed step. */
  threshold: { letter: 't', default: 0.06, least: 0, most: 100, fraction: true },
  /** Of the polynomial; 0 for none: then the change of the input itself is added up, and no calibration is needed. */
  degree: { letter: 'd', default: 0, least: 0, most: 4 },
});

/**
 * Skips all blocks, and adds what they added last, while the changes since the last computed step add up to less than the threshold:
 * how far block 0's modulated input has moved since the step before, or how far a polynomial of that foresees the output to move.
 * One scalar a step is read back. The first step and the last are always computed. Liu et al., "Timestep Embedding Tells: It's Time
 * to Cache for Video Diffusion Model", with degree 4. That is a poor choice where the output moves most while the input does not,
 * as in the last steps of emoji-dit: the fit follows those, and leaves out the steps that matter.
 *
 * `{policy: 'teacache', threshold, degree}`, or `teacache:t0.06_d0`. A degree above 0 needs the model's calibration for the steps and
 * sampler.
 */
export const teacache = numberPolicy(
  words,
  ({ steps, depth }) => {
    const stack = { first: 0, last: depth, keep: 'residual' } as const;
    return Array.from({ length: steps }, (_, n): StepCompute => {
      if (n === steps - 1) return { kind: 'full' };
      return { kind: 'full', stack, probe: { at: 'input', against: 'previous', asks: n > 0 } };
    });
  },
  {
    usesCalibration: true,
    decision: (run, { threshold, degree }) => ({ rule: 'teacache', threshold, ...foresight(run, degree) }),
  },
);

function foresight(run: RunSpec, degree: number) {
  // A single step compares nothing.
  if (degree === 0 || run.steps === 1) return { polynomial: [1, 0], range: [0, Number.MAX_VALUE] } as const;
  const { inputChange, outputChange } = needCalibration(words.policy, run);
  return {
    polynomial: fitPolynomial(inputChange, outputChange, degree),
    range: [Math.min(...inputChange), Math.max(...inputChange)],
  } as const;
}
