import { describe, expect, it } from 'vitest';
import { packImage, supportsOutput, toRgba } from './pixels.ts';

describe('toRgba', () => {
  it('maps [-1, 1] to bytes, rounds, clamps and interleaves the planes', () => {
    const planes = new Float32Array([-1, 1, /* green */ 0, 5, /* blue */ -7, 0.5]);
    const image = toRgba(planes, 2, 1);
    // 127.5 x (0 + 1) = 127.5 rounds to 128; 127.5 x 1.5 = 191.25 rounds to 191.
    expect([...image.data]).toEqual([0, 128, 0, 255, 255, 255, 191, 255]);
    expect([image.width, image.height]).toEqual([2, 1]);
  });

  it('refuses a length that is not 3 x height x width', () => {
    expect(() => toRgba(new Float32Array(11), 2, 2)).toThrow(expect.objectContaining({ code: 'shape-mismatch' }));
  });

  it('refuses NaN', () => {
    const planes = new Float32Array(3);
    planes[1] = Number.NaN;
    expect(() => toRgba(planes, 1, 1)).toThrow(expect.objectContaining({ code: 'numeric' }));
  });
});

describe('packImage', () => {
  it('hands out plain pixels where there is no ImageData', async () => {
    const raw = toRgba(new Float32Array([1, 1, 1]), 1, 1);
    expect(await packImage(raw, 'imageData')).toBe(raw);
    expect([supportsOutput('imageData'), supportsOutput('bitmap'), supportsOutput('blob')]).toEqual([
      true,
      false,
      false,
    ]);
  });
});
