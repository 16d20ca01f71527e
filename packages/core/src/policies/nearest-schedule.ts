import { countSteps } from '../schedule/pattern.ts';
import type { Schedule } from '../schedule/schedule.ts';
import { defaultBudget } from './procache/derive.ts';

/** The schedule with as many full steps as wanted. Without a budget the nearest to the default one, the larger first. */
export function nearestSchedule(
  schedules: readonly Schedule[],
  steps: number,
  budget: number | undefined,
): Schedule | undefined {
  const full = (schedule: Schedule) => countSteps(schedule.pattern).full;
  const distance = (schedule: Schedule) => Math.abs(full(schedule) - defaultBudget(steps));
  return schedules
    .filter((schedule) => budget === undefined || budget === full(schedule))
    .sort((a, b) => distance(a) - distance(b) || full(b) - full(a))[0];
}
