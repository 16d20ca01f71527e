import { expect, it } from 'vitest';
import { ditXl2, pixArtXl2 } from './published-models.ts';
import { parameterCount } from './tensor-shapes.ts';

it('counts the parameters of DiT-XL/2 as its authors print them, but for the position table', () => {
  expect(parameterCount(ditXl2)).toBe(675_129_632 - 256 * 1152);
});

it('counts the parameters of PixArt-alpha as diffusers has them, without and with size conditions', () => {
  expect(parameterCount(pixArtXl2)).toBe(610_856_096);
  expect(parameterCount({ ...pixArtXl2, sizeConditions: true })).toBe(611_349_152);
});
