import { budgetsFor, type FolderSchedule } from '../../schedules.ts';

/** One way to draw, as `comparePolicies` takes it. */
export type Row = string | { readonly fewerSteps: number };

/** Rows that are one curve of the chart. */
export interface Family {
  readonly name: 'Fewer steps' | 'FORA' | 'ProCache';
  readonly rows: readonly Row[];
}

const foraIntervals = [2, 3, 5];
const stepDivisors = [2, 3, 4.5];

/** Everything the chart can hold for a number of steps: no cache at fewer steps, policies, and their budgets. */
export function candidates(steps: number, schedules: readonly FolderSchedule[]): readonly Family[] {
  const fewer = new Set(stepDivisors.map((divisor) => Math.round(steps / divisor)));
  const budgets = budgetsFor(schedules, 'procache', steps);
  return [
    {
      name: 'Fewer steps',
      rows: [...fewer].filter((count) => count >= 1 && count < steps).map((fewerSteps) => ({ fewerSteps })),
    },
    { name: 'FORA', rows: foraIntervals.filter((interval) => interval < steps).map((n) => `fora:${n}`) },
    { name: 'ProCache', rows: budgets.length > 0 ? budgets.map((budget) => `procache:B${budget}`) : ['procache'] },
  ];
}
