import type { SelectionSpec, StepCompute } from '../plan.ts';

/** What a policy may know about a run before step 0. */
export interface RunSpec {
  readonly steps: number;
  readonly sampler: string;
  readonly depth: number;
  /** Tokens per row. */
  readonly tokens: number;
  readonly hiddenSize: number;
}

export interface PolicyPlan {
  /** A name that reproduces the run (segments, not budgets). */
  readonly name: string;
  readonly derived: boolean;
  readonly selection: SelectionSpec | null;
  /** One entry per step, in denoising order. */
  readonly steps: readonly StepCompute[];
}

/** A static policy: compiles the whole run up front and never touches the GPU. */
export interface CachePolicy {
  /** The name users write: `none`, `fora`, `procache`, ... */
  readonly name: string;
  /** @throws WebDiTError `schedule-mismatch` or `bad-argument` when `config` does not fit the run. */
  plan(run: RunSpec, config: Readonly<Record<string, unknown>>): PolicyPlan;
}
