import type { FewerSteps } from 'webdit';
import type { Catalogue } from '../../catalogue.ts';
import { budgetsFor } from '../../schedules.ts';
import { type FamilyName, intervalFamilies, scheduleFamilies, thresholdFamilies } from './families.ts';

/** One way to draw, as `comparePolicies` takes it. */
export type Row = string | FewerSteps;

/** Rows that are one curve of the chart. */
export interface Family {
  readonly name: FamilyName;
  readonly rows: readonly Row[];
}

const intervals = [2, 3, 5];
const stepDivisors = [2, 3, 4.5];

/** Families that are not measured unless the visitor asks: it takes long, and they are not the best ones. */
export const leftOut: readonly FamilyName[] = [
  'ToCa',
  'DuCa',
  'Delta-DiT',
  'TeaCache',
  'DBCache',
  'SmoothCache',
  'MagCache',
];

/** Everything the chart can hold for a number of steps: no cache at fewer steps, policies, and their budgets. */
export function candidates(
  steps: number,
  { schedules, calibrations }: Pick<Catalogue, 'schedules' | 'calibrations'>,
): readonly Family[] {
  const fewer = [...new Set(stepDivisors.map((divisor) => Math.round(steps / divisor)))].filter(
    (count) => count >= 1 && count < steps,
  );
  return [
    { name: 'Fewer steps', rows: fewer.map((fewerSteps) => ({ fewerSteps })) },
    { name: 'DPM-Solver++', rows: fewer.map((fewerSteps) => ({ fewerSteps, scheduler: 'dpmpp' })) },
    ...intervalFamilies.map(({ name, policy }) => ({
      name,
      rows: intervals.filter((interval) => interval < steps).map((interval) => `${policy}:${interval}`),
    })),
    ...thresholdFamilies
      .filter(({ calibrated }) => !calibrated || calibrations.includes(steps))
      .map(({ name, policy, settings }) => ({ name, rows: settings.map((setting) => `${policy}:${setting}`) })),
    ...scheduleFamilies.map(({ name, policy }) => {
      const budgets = spread(budgetsFor(schedules, policy, steps), steps);
      return { name, rows: budgets.length > 0 ? budgets.map((budget) => `${policy}:B${budget}`) : [policy] };
    }),
  ];
}

/** Most budgets of a policy that are measured. */
const mostBudgets = 4;

/** All budgets, or of many the nearest to those that a curve wants. */
function spread(budgets: readonly number[], steps: number): readonly number[] {
  if (budgets.length <= mostBudgets) return budgets;
  const distance = (budget: number, divisor: number) => Math.abs(budget - steps / divisor);
  const nearest = stepDivisors.map((divisor) =>
    budgets.reduce((best, budget) => (distance(budget, divisor) < distance(best, divisor) ? budget : best)),
  );
  return [...new Set(nearest)];
}
