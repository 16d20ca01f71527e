import { type FlopTotal, runFlops } from '../flops.ts';
import type { RunPlan } from '../plan.ts';
import { countSteps, type PatternCounts } from '../schedule/pattern.ts';
import { compileRunPlan, type RunOptions } from './compile.ts';
import { patternOfPlan } from './schedule-of-plan.ts';

/** What a run would compute, said before a model is loaded. */
export interface CostEstimate {
  readonly plan: RunPlan;
  /** Steps of each kind as the plan runs them: a selective step without tokens counts as reuse. */
  readonly kinds: PatternCounts;
  /** Selective steps that recompute no token, n from 0. */
  readonly idle: readonly number[];
  /** FLOPs of the run, counted in two ways, against all steps full. Says nothing of time. */
  readonly flops: { readonly executed: FlopTotal; readonly published: FlopTotal };
}

/**
 * What a run would compute and cost, without running it: at most that, with a policy that decides during the run.
 *
 * @throws WebDiTError like `compileRunPlan`.
 */
export function estimateCost(options: RunOptions): CostEstimate {
  const plan = compileRunPlan(options);
  const pattern = patternOfPlan(plan);
  const idle = plan.steps.flatMap(({ kind, n }) => (kind === 'reuse' && pattern[n] === '2' ? [n] : []));
  const { full, reuse, selective } = countSteps(pattern);
  return {
    plan,
    kinds: { full, reuse: reuse + idle.length, selective: selective - idle.length },
    idle,
    flops: runFlops(options.model, plan),
  };
}
