import { expect, it } from 'vitest';
import { psnr, relativeError, worstError } from './metrics.ts';
import { type Picture, ssim } from './ssim.ts';

it('relativeError is ||a - b|| / ||b||', () => {
  expect(relativeError([3, 5], [3, 4])).toBe(0.2);
  expect(relativeError([0, 0], [0, 0])).toBe(0);
  expect(relativeError([1, 0], [0, 0])).toBe(Number.POSITIVE_INFINITY);
  expect(relativeError([Number.NaN], [1])).toBeNaN();
});

it('psnr is in dB below the peak', () => {
  expect(psnr([0, 0], [25.5, 25.5], 255)).toBeCloseTo(20, 12);
  expect(psnr([1], [1], 2)).toBe(Number.POSITIVE_INFINITY);
});

it('worstError is the largest deviation over the reference’s root mean square, and forgets no NaN', () => {
  expect(worstError([3, 4, 0, -6], [3, 4, 0, -5])).toBeCloseTo(1 / Math.sqrt(12.5));
  expect(worstError([0, 0], [0, 0])).toBe(0);
  expect(worstError([Number.NaN, 4, 1], [3, 4, 0])).toBeNaN();
});

it.each([relativeError, worstError, (a: number[], b: number[]) => psnr(a, b, 1)])(
  'refuses different lengths',
  (metric) => {
    expect(() => metric([1], [1, 2])).toThrow(expect.objectContaining({ code: 'shape-mismatch' }));
    expect(() => metric([], [])).toThrow(expect.objectContaining({ code: 'shape-mismatch' }));
  },
);

function picture(value: (x: number, y: number, channel: number) => number, alpha = 255): Picture {
  const data = new Uint8ClampedArray(64 * 64 * 4);
  for (let i = 0; i < data.length; i++) {
    const [pixel, channel] = [i >> 2, i & 3];
    data[i] = channel === 3 ? alpha : value(pixel % 64, pixel >> 6, channel);
  }
  return { data, width: 64, height: 64 };
}

it('ssim equals an independent computation', () => {
  const a = picture((x, y, c) => (x * 7 + y * 13 * (c + 1)) % 256);
  const b = picture((x, y, c) => (x * 7 + y * 13 * (c + 1) + ((x * y) % 17) * 3) % 256, 7);
  // Reference: scipy convolve2d with the full 2-D window. ssim.js "original", which rounds luma to bytes, says 0.4456
  expect(ssim(a, b)).toBeCloseTo(0.4463418735492229, 10);
  expect(ssim(b, a)).toBeCloseTo(ssim(a, b), 12);
  expect(ssim(a, a)).toBeCloseTo(1, 12);
});

it('ssim refuses different and tiny sizes', () => {
  const a = picture(() => 0);
  expect(() => ssim(a, { ...a, width: 32 })).toThrow(expect.objectContaining({ code: 'shape-mismatch' }));
  const tiny = { data: new Uint8Array(400), width: 10, height: 10 };
  expect(() => ssim(tiny, tiny)).toThrow(expect.objectContaining({ code: 'shape-mismatch' }));
});
