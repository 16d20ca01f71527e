import { describe, expect, test } from 'vitest';
import { converter, f16ToF32Bits, f32ToF16Bits } from './convert.ts';

const floats = new Float32Array(1);
const f32Bits = new Uint32Array(floats.buffer);
const bitsOf = (value: number) => {
  floats[0] = value;
  return f32Bits[0]!;
};
const floatOf = (word: number) => {
  f32Bits[0] = word;
  return floats[0]!;
};

/** The value of an f16, by the definition of the format. */
function halfValue(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 31;
  const fraction = (half & 1023) / 1024;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent === 0 ? fraction * 2 ** -14 : (1 + fraction) * 2 ** (exponent - 15));
}

describe('f16', () => {
  test('all 65536 values widen exactly and come back as they were', () => {
    let wrong = 0;
    for (let half = 0; half < 65536; half++) {
      const word = f16ToF32Bits(half);
      if (!Object.is(floatOf(word), halfValue(half))) wrong++;
      // A signalling NaN comes back quiet.
      const nan = (half & 0x7c00) === 0x7c00 && (half & 0x3ff) !== 0;
      if (f32ToF16Bits(word) !== (nan ? half | 0x200 : half)) wrong++;
    }
    expect(wrong).toBe(0);
  });

  test('every midpoint rounds to even, its neighbours to the nearest', () => {
    let wrong = 0;
    for (let half = 0; half < 0x7bff; half++) {
      const middle = bitsOf((halfValue(half) + halfValue(half + 1)) / 2);
      if (f32ToF16Bits(middle) !== half + (half & 1)) wrong++;
      if (f32ToF16Bits(middle - 1) !== half) wrong++;
      if (f32ToF16Bits(middle + 1) !== half + 1) wrong++;
      if (f32ToF16Bits((middle | 0x80000000) >>> 0) !== (0x8000 | (half + (half & 1)))) wrong++;
    }
    expect(wrong).toBe(0);
  });

  test.each([
    [1, 0x3c00],
    [-2, 0xc000],
    [65504, 0x7bff],
    [65519.996, 0x7bff],
    [65520, 0x7c00],
    [1e30, 0x7c00],
    [Number.POSITIVE_INFINITY, 0x7c00],
    [Number.NEGATIVE_INFINITY, 0xfc00],
    [Number.NaN, 0x7e00],
    [2 ** -25, 0],
    [2 ** -25 * 1.001, 1],
    [-(2 ** -24), 0x8001],
    [1e-40, 0],
    [-0, 0x8000],
    [0.1, 0x2e66],
  ])('%f is %i', (value, half) => {
    expect(f32ToF16Bits(bitsOf(value))).toBe(half);
  });

  test('a NaN stays one whatever its payload', () => {
    for (const word of [0x7f800001, 0xff800001, 0x7fffffff, 0xffc00000]) {
      expect(halfValue(f32ToF16Bits(word))).toBeNaN();
    }
  });
});

describe('converter', () => {
  const bf16 = Uint16Array.of(0x3f80, 0xc040, 0x7f80, 0x7fc0, 0x0001, 0x8000);

  test('BF16 to F32 keeps the bits', () => {
    const out = new Uint32Array(6);
    converter('BF16', 'F32')?.(bf16.buffer, out.buffer, 6);
    expect([...out]).toEqual([0x3f800000, 0xc0400000, 0x7f800000, 0x7fc00000, 0x00010000, 0x80000000]);
  });

  test('BF16 to F16 rounds once', () => {
    const out = new Uint16Array(6);
    converter('BF16', 'F16')?.(bf16.buffer, out.buffer, 6);
    expect([...out]).toEqual([0x3c00, 0xc200, 0x7c00, 0x7e00, 0, 0x8000]);
  });

  test('equal types need none', () => {
    expect(converter('F16', 'F16')).toBeNull();
    expect(converter('F32', 'F32')).toBeNull();
  });
});
