import type { SelectionSpec, StepCompute } from '../plan.ts';
import type { Schedule } from '../schedule/schedule.ts';

/** What a policy may know about a run before step 0. */
export interface RunSpec {
  readonly steps: number;
  readonly sampler: string;
  readonly depth: number;
  /** Tokens per row. */
  readonly tokens: number;
  readonly hiddenSize: number;
  /** The model folder's schedules for this policy, number of steps and sampler. */
  readonly schedules: readonly Schedule[];
}

export interface PolicyPlan {
  /** A name that reproduces the run (segments, not budgets). */
  readonly name: string;
  /** True when the schedule was made up for this run, because none was given or found in the model folder. */
  readonly derived: boolean;
  readonly selection: SelectionSpec | null;
  /** One entry per step, in denoising order. */
  readonly steps: readonly StepCompute[];
}

/** A static policy: compiles the whole run up front and never touches the GPU. */
export interface CachePolicy {
  /** The name users write: `none`, `fora`, `procache`, ... */
  readonly name: string;
  /** Never looks at `RunSpec.schedules`, so that the folder's need not be read for it. */
  readonly ignoresSchedules?: boolean;
  /**
   * Reads what follows the name in `name:text` or in a plan's policy name, `name_text`, into settings for `plan`. Policies
   * without it take no such text.
   *
   * @throws WebDiTError `bad-argument`.
   */
  parse?(text: string): Readonly<Record<string, unknown>>;
  /** @throws WebDiTError `schedule-mismatch` or `bad-argument` when `config` does not fit the run. */
  plan(run: RunSpec, config: Readonly<Record<string, unknown>>): PolicyPlan;
}
