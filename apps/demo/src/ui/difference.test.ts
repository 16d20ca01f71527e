import { expect, it } from 'vitest';
import { differencePixels } from './difference.ts';

const picture = (...data: number[]) => ({ width: 1, height: 1, data: Uint8ClampedArray.from(data) });

it('is grey where pictures are equal, ten times the difference elsewhere, cut at both ends, and opaque', () => {
  expect([...differencePixels(picture(7, 50, 200, 255), picture(7, 55, 100, 255))]).toEqual([128, 178, 0, 255]);
});
