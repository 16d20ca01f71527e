import { expect, it } from 'vitest';
import { parameterCount } from './model.ts';
import { ditXl2 } from './published-models.ts';

it('counts the parameters of DiT-XL/2 as its authors print them, but for the position table', () => {
  expect(parameterCount(ditXl2)).toBe(675_129_632 - 256 * 1152);
});
