import { expect, it } from 'vitest';
import { presetsFor } from './presets.ts';

const schedules = [25, 17, 11].map((budget) => ({ policy: 'procache', steps: 50, budget }));
const caches = (steps: number) => presetsFor(steps, schedules).map(({ cache }) => cache);

it('goes down to the schedule with the fewest full steps', () => {
  expect(caches(50)).toEqual(['none', 'procache', 'procache:B11']);
});

it('takes FORA for fast where the model has no schedules', () => {
  expect(caches(20)).toEqual(['none', 'procache', 'fora:5']);
});
