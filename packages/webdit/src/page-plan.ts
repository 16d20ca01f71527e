import { type CacheSpec, compileRunPlan, policyOf, type RunPlan } from '@webdit/core';
import type { PlanInputs } from './driver.ts';
import { isRegisteredHere } from './page-policies.ts';

/** How a run is planned on this thread. */
export interface PagePlan {
  /** Stands for the cache setting where the run is drawn: the policy's name, since its settings may be anything and stay here. */
  readonly cache: string;
  readonly compile: (inputs: PlanInputs) => RunPlan;
}

/**
 * The plan of a run with a policy of the page's own; null for all others, which are compiled where they run.
 * @throws WebDiTError `unknown-policy`, `bad-argument`.
 */
export function pagePlan(cache: CacheSpec): PagePlan | null {
  const { name } = policyOf(cache);
  return isRegisteredHere(cache) ? { cache: name, compile: (inputs) => compileRunPlan({ ...inputs, cache }) } : null;
}
