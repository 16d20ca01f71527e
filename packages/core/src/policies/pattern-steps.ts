import type { StepCompute } from '../plan.ts';

/**
 * What each step of a pattern computes. Full steps store only what a later step reads, and emit scores only in the layers
 * whose scores a selective step consumes before the next full one.
 *
 * @param mlpTokens tokens recomputed at selective step n, `[depth]`. Where all are 0 the step is a reuse step.
 */
export function patternSteps(pattern: string, mlpTokens: (n: number) => readonly number[]): StepCompute[] {
  const steps: StepCompute[] = [];
  let scored = new Set<number>();
  // backwards, because what a full step keeps depends on what follows
  for (let n = pattern.length - 1; n >= 0; n--) {
    switch (pattern[n]) {
      case '1': {
        const next = steps.at(-1);
        const storesCache = next !== undefined && next.kind !== 'full';
        const scoreLayers = [...scored].sort((a, b) => a - b);
        steps.push({
          kind: 'full',
          ...(storesCache ? { storesCache } : {}),
          ...(scoreLayers.length > 0 ? { scoreLayers } : {}),
        });
        scored = new Set();
        break;
      }
      case '2': {
        const tokens = mlpTokens(n);
        for (const [layer, k] of tokens.entries()) if (k > 0) scored.add(layer);
        steps.push({ kind: tokens.some((k) => k > 0) ? 'selective' : 'reuse', mlpTokens: tokens });
        break;
      }
      default:
        steps.push({ kind: 'reuse' });
    }
  }
  return steps.reverse();
}
