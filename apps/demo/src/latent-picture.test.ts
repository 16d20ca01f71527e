import { beforeEach, expect, it, vi } from 'vitest';
import { latentPicture } from './latent-picture.ts';

beforeEach(() => {
  vi.stubGlobal(
    'ImageData',
    class {
      constructor(
        readonly data: Uint8ClampedArray,
        readonly width: number,
        readonly height: number,
      ) {}
    },
  );
  return () => vi.unstubAllGlobals();
});

it('stretches each of the first three channels over its own range', () => {
  const data = Float32Array.of(...[0, 1, 2, 4], ...[-1, 1, -1, 1], ...[5, 5, 5, 5], ...[9, 9, 9, 9], ...[7, 7, 7, 7]);
  const { width, height, data: pixels } = latentPicture({ data, shape: [1, 4, 2, 2] });
  expect([width, height]).toEqual([2, 2]);
  expect([...pixels]).toEqual([0, 0, 0, 255, 64, 255, 0, 255, 128, 0, 0, 255, 255, 255, 0, 255]);
});

it('makes do with fewer channels', () => {
  const { data } = latentPicture({ data: Float32Array.of(0, 1), shape: [1, 1, 2] });
  expect([...data]).toEqual([0, 0, 0, 255, 255, 255, 255, 255]);
});
