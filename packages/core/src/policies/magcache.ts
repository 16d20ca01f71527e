import type { StepCompute } from '../plan.ts';
import { maxSteps } from '../samplers/timesteps.ts';
import { needCalibration } from '../schedule/calibration.ts';
import { numberPolicy } from './number-policy.ts';
import { NumberWords } from './words.ts';

const words = new NumberWords('magcache', {
  /** Most error that may add up over skips in a row. */
  threshold: { letter: 't', default: 0.06, least: 0, most: 100, fraction: true },
  skips: { letter: 'k', default: 3, least: 0, most: maxSteps },
  /** Share of the steps, the first ones, that are all computed. */
  retained: { letter: 'r', default: 0.2, least: 0, most: 1, fraction: true },
});

/**
 * Per step, whether it is computed. Skips go on while the sum of |1 - product of the residual's norm ratios since the last computed
 * step| stays within the threshold.
 *
 * @param ratios the residual's norm at step n + 1 over that at step n.
 */
export function magCacheList(
  ratios: readonly number[],
  { threshold, skips, retained }: { readonly threshold: number; readonly skips: number; readonly retained: number },
): readonly boolean[] {
  const steps = ratios.length + 1;
  const first = Math.max(1, Math.round(retained * steps));
  let product = 1;
  let error = 0;
  let skipped = 0;
  return Array.from({ length: steps }, (_, n) => {
    if (n < first) return true;
    product *= ratios[n - 1] as number;
    error += Math.abs(1 - product);
    skipped++;
    if (error <= threshold && skipped <= skips) return false;
    product = 1;
    error = 0;
    skipped = 0;
    return true;
  });
}

/**
 * Skips all blocks, and adds what they added last, while uncached runs have shown the size of that to change little. Decided before
 * the run, so that no scalar is read back. Ma et al., "MagCache: Fast Video Generation with Magnitude-Aware Cache";
 * docs/procache.md 4.
 *
 * `{policy: 'magcache', threshold, skips, retained}`, or `magcache:t0.06_k3_r0.2`. Needs the model's calibration for the steps and
 * sampler.
 */
export const magcache = numberPolicy(
  words,
  (run, values) => {
    const { residualRatio } = needCalibration(words.policy, run);
    const stack = { first: 0, last: run.depth, keep: 'residual' } as const;
    return magCacheList(residualRatio, values).map((computed): StepCompute => {
      return computed ? { kind: 'full' } : { kind: 'skip', stack };
    });
  },
  { usesCalibration: true },
);
