import type { RunPlan } from '../plan.ts';
import { parseSchedule, type Schedule } from '../schedule/schedule.ts';
import { readCacheSpec } from './cache-spec.ts';
import { procache } from './procache.ts';

/** What the steps of a plan compute, as a pattern: a digit per step. A selective step whose k came out as 0 is still one. */
export function patternOfPlan({ steps }: Pick<RunPlan, 'steps'>): string {
  return steps
    .map(({ kind, mlpTokens, crossTokens }) => {
      if (kind === 'full') return '1';
      return mlpTokens?.length || crossTokens?.length ? '2' : '0';
    })
    .join('');
}

/**
 * The schedule that makes a plan again. Of a plan of another policy than `procache` it takes the pattern; how its selective
 * steps choose tokens is then left to ProCache's own rule.
 *
 * @throws WebDiTError `format` for a plan whose first step is not full.
 */
export function scheduleOfPlan(plan: Pick<RunPlan, 'policy' | 'sampler' | 'steps'>): Schedule {
  const { policy, sampler, steps } = plan;
  const run = { steps: steps.length, sampler };
  const named = policy.startsWith(`${procache.name}_`) ? readCacheSpec(policy, run).config : {};
  return parseSchedule(
    {
      format: 'webdit-schedule/1',
      policy: procache.name,
      ...run,
      ...named,
      pattern: patternOfPlan(plan),
    },
    `of the plan ${policy}`,
  );
}
