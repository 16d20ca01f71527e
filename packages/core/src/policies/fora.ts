import { WebDiTError } from '../errors.ts';
import { maxSteps } from '../samplers/timesteps.ts';
import { numberField, refuseUnknownKeys } from '../schedule/fields.ts';
import { patternSteps } from './pattern-steps.ts';
import type { CachePolicy } from './policy.ts';

const context = { what: 'The cache policy "fora"', code: 'bad-argument' } as const;

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
export const fora: CachePolicy = {
  name: 'fora',
  ignoresSchedules: true,
  parse(text) {
    const interval = /^N?([1-9]\d*)$/.exec(text)?.[1];
    if (interval !== undefined) return { interval: Number(interval) };
    throw new WebDiTError('bad-argument', `"${text}" is not an interval of fora.`, 'Write it as in fora:3.');
  },
  plan(run, config) {
    refuseUnknownKeys(config, ['interval'], context);
    const interval =
      config.interval === undefined
        ? 3
        : numberField(
            config,
            'interval',
            `a whole number from 1 to ${maxSteps}`,
            (v) => Number.isInteger(v) && v >= 1 && v <= maxSteps,
            context,
          );
    return {
      name: `fora_N${interval}`,
      derived: false,
      selection: null,
      steps: patternSteps(foraPattern(run.steps, interval), () => []),
    };
  },
};
