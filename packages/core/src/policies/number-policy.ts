import type { SelectionSpec, StepCompute } from '../plan.ts';
import type { DecisionRule } from './decision.ts';
import { keepWhatIsRead } from './keep-what-is-read.ts';
import type { CachePolicy, RunSpec } from './policy.ts';
import type { NumberWords, Settings, Values } from './words.ts';

/**
 * A policy that a few numbers set, and no schedule.
 *
 * @param compute what each step computes; what it has to keep for later ones is found here.
 * @param selection how its selective steps choose tokens; without it there is nothing to choose.
 * @param decision how its probes decide; without it none asks.
 */
export function numberPolicy<S extends Settings, F extends string>(
  words: NumberWords<S, F>,
  compute: (run: RunSpec, values: Values<S, F>) => readonly StepCompute[],
  {
    selection = () => null,
    decision,
    usesCalibration = false,
  }: {
    readonly selection?: (run: RunSpec) => SelectionSpec | null;
    readonly decision?: (run: RunSpec, values: Values<S, F>) => DecisionRule;
    readonly usesCalibration?: boolean;
  } = {},
): CachePolicy {
  return {
    name: words.policy,
    ignoresSchedules: true,
    ...(usesCalibration ? { usesCalibration } : {}),
    parse: (text) => words.parse(text),
    plan(run, config) {
      const values = words.read(config, run.kind);
      return {
        name: words.name(values),
        derived: false,
        selection: selection(run),
        ...(decision ? { decision: decision(run, values) } : {}),
        steps: keepWhatIsRead(compute(run, values), run.tokens),
      };
    },
  };
}
