import { budgetsFor, type FolderSchedule } from '../../schedules.ts';

export interface Preset {
  readonly name: 'Exact' | 'Balanced' | 'Fast';
  /** Cache policy, as `generate` takes it. */
  readonly cache: string;
}

/** Three ways to trade quality for speed at a number of steps, from the schedules the model has for them. */
export function presetsFor(steps: number, schedules: readonly FolderSchedule[]): readonly Preset[] {
  const fewest = budgetsFor(schedules, 'procache', steps).at(-1);
  return [
    { name: 'Exact', cache: 'none' },
    { name: 'Balanced', cache: 'procache' },
    { name: 'Fast', cache: fewest === undefined ? 'fora:5' : `procache:B${fewest}` },
  ];
}
