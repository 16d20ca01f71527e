import type { StepCompute } from '../plan.ts';

/**
 * What each step of a pattern computes: 1 full, 0 reuse, 2 selective.
 *
 * @param tokens what selective step n recomputes.
 */
export function patternSteps(
  pattern: string,
  tokens: (n: number) => Pick<StepCompute, 'mlpTokens' | 'crossTokens'>,
): StepCompute[] {
  return [...pattern].map((digit, n) => {
    if (digit === '1') return { kind: 'full' };
    return digit === '2' ? { kind: 'selective', ...tokens(n) } : { kind: 'reuse' };
  });
}
