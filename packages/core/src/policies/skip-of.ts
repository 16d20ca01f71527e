import type { StepCompute } from '../plan.ts';

/** What a step with a probe computes where the decision is to skip. */
export function skipOf({ stack, probe }: StepCompute): StepCompute {
  return { kind: 'skip', ...(stack ? { stack } : {}), ...(probe ? { probe } : {}) };
}
