import { type Branch, branchesOf, type TransformerConfig, tokenCount, tokenGrid } from '../model.ts';
import type { SamplerStep, SelectionSpec, StepCompute } from '../plan.ts';
import type { Calibration } from '../schedule/calibration.ts';
import type { Schedule } from '../schedule/schedule.ts';
import type { DecisionRule } from './decision.ts';

/** What a policy may know of the model. */
export interface ModelSpec {
  /** Which defaults and rules of a policy apply: some were made for one kind of model. */
  readonly kind: TransformerConfig['kind'];
  readonly depth: number;
  /** What a block adds to the token state, in order. */
  readonly branches: readonly Branch[];
  /** Tokens per row, and how they lie on the picture. */
  readonly tokens: number;
  readonly grid: { readonly rows: number; readonly columns: number };
  readonly hiddenSize: number;
}

/** What a policy may know of this model. */
export function modelSpec(config: TransformerConfig): ModelSpec {
  return {
    kind: config.kind,
    depth: config.depth,
    branches: branchesOf(config),
    tokens: tokenCount(config),
    grid: tokenGrid(config),
    hiddenSize: config.hiddenSize,
  };
}

/** What a policy may know about a run before step 0. */
export interface RunSpec extends ModelSpec {
  readonly steps: number;
  readonly sampler: string;
  /** What the sampler does with each step's prediction, `[steps]`. */
  readonly moves: readonly SamplerStep[];
  /** The model folder's schedules for this policy, number of steps and sampler. */
  readonly schedules: readonly Schedule[];
  /** The model folder's calibration for this number of steps and sampler; null where it has none. */
  readonly calibration: Calibration | null;
}

/** What a policy decided for a run: what each step computes. */
export interface PolicyPlan {
  /** A name that reproduces the run (segments, not budgets). */
  readonly name: string;
  /** True when the schedule was made up for this run, because none was given or found in the model folder. */
  readonly derived: boolean;
  readonly selection: SelectionSpec | null;
  /** Of a plan with probes that ask. */
  readonly decision?: DecisionRule;
  /** One entry per step, in denoising order. */
  readonly steps: readonly StepCompute[];
}

/** Compiles the whole run up front, what probes decide during it included as a rule, and never touches the GPU. */
export interface CachePolicy {
  /** The name users write: `none`, `fora`, `procache`, ... */
  readonly name: string;
  /** Never looks at `RunSpec.schedules`, so that the folder's need not be read for it. */
  readonly ignoresSchedules?: boolean;
  /** Looks at `RunSpec.calibration`, so that the folder's are read for it. */
  readonly usesCalibration?: boolean;
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
