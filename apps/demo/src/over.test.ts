import { expect, it } from 'vitest';
import { firstStepOf } from '../../../packages/core/src/samplers/image-to-image.ts';
import { stepsOver } from './over.ts';

it('counts as many steps as the pipeline runs', () => {
  expect(stepsOver(50, null)).toBe(50);
  for (const steps of [1, 7, 50]) {
    for (let strength = 0; strength <= 1; strength += 0.01) {
      expect(stepsOver(steps, { strength })).toBe(steps - firstStepOf(steps, strength));
    }
  }
});
