import { expect, test } from 'vitest';
import { ditXl2, pixArtXl2 } from './published-models.ts';
import { isDiT, requireDiT } from './require-dit.ts';

test('a DiT is given back, and a PixArt refused with a sentence', () => {
  const folder = { name: 'mine', config: ditXl2 };
  expect(requireDiT(folder, 'Calibration')).toBe(folder);
  expect(() => requireDiT({ config: pixArtXl2 }, 'Calibration')).toThrow(
    expect.objectContaining({
      code: 'unsupported-config',
      message: 'Calibration runs DiT only so far, and this model is a PixArt.',
    }),
  );
  expect([isDiT(folder), isDiT({ config: pixArtXl2 })]).toEqual([true, false]);
});
