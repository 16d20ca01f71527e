import type { StepCompute } from '../plan.ts';

/**
 * What each step of a pattern computes: 1 full, 0 reuse, 2 selective.
 *
 * @param mlpTokens tokens recomputed at selective step n, `[depth]`.
 */
export function patternSteps(pattern: string, mlpTokens: (n: number) => readonly number[]): StepCompute[] {
  return [...pattern].map((digit, n) => {
    if (digit === '1') return { kind: 'full' };
    return digit === '2' ? { kind: 'selective', mlpTokens: mlpTokens(n) } : { kind: 'reuse' };
  });
}
