import type { TensorDType } from '@webdit/core';

// Elements are seen through typed arrays, so this needs a little-endian machine, like WebGPU and safetensors themselves.

/** Types that weights may have; they convert to one another. */
export function isFloatDType(dtype: TensorDType): boolean {
  return dtype === 'F32' || dtype === 'F16' || dtype === 'BF16';
}

/** Bits of an f32 -> bits of the nearest f16, ties to even. NaN stays NaN, what is too large becomes infinity. */
export function f32ToF16Bits(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00 | ((magnitude >>> 13) & 0x1ff);
  if (magnitude >= 0x47800000) return sign | 0x7c00;
  if (magnitude >= 0x38800000) {
    // Normal: rebias the exponent from 127 to 15 and round 13 bits away; a carry runs into the exponent, up to infinity.
    const rounded = magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1);
    return sign | (rounded >>> 13);
  }
  const exponent = magnitude >>> 23;
  if (exponent < 102) return sign;
  // Subnormal: count in units of 2^-24.
  const mantissa = (magnitude & 0x7fffff) | 0x800000;
  const shift = 126 - exponent;
  const units = mantissa >>> shift;
  const rest = mantissa & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  return sign | (units + (rest > half || (rest === half && (units & 1) === 1) ? 1 : 0));
}

/** Bits of an f16 -> bits of the same value as f32. */
export function f16ToF32Bits(half: number): number {
  const sign = (half & 0x8000) << 16;
  const exponent = (half >>> 10) & 0x1f;
  const mantissa = half & 0x3ff;
  if (exponent === 0x1f) return (sign | 0x7f800000 | (mantissa << 13)) >>> 0;
  if (exponent !== 0) return (sign | ((exponent + 112) << 23) | (mantissa << 13)) >>> 0;
  if (mantissa === 0) return sign >>> 0;
  const shift = Math.clz32(mantissa) - 21;
  return (sign | ((113 - shift) << 23) | (((mantissa << shift) & 0x3ff) << 13)) >>> 0;
}

/** Converts `count` elements from the start of one buffer to the start of another, which callers make large enough. */
export type Converter = (from: ArrayBuffer, to: ArrayBuffer, count: number) => void;

/** How to turn `source` elements into `target` elements, or null when they are the same. `source` is a float type. */
export function converter(source: TensorDType, target: 'F32' | 'F16'): Converter | null {
  if (source === target) return null;
  if (target === 'F16') return source === 'F32' ? f32ToF16 : bf16ToF16;
  return source === 'F16' ? f16ToF32 : bf16ToF32;
}

const f32ToF16: Converter = (from, to, count) => {
  const input = new Uint32Array(from, 0, count);
  const output = new Uint16Array(to, 0, count);
  for (let i = 0; i < count; i++) output[i] = f32ToF16Bits(input[i]!);
};

const f16ToF32: Converter = (from, to, count) => {
  const input = new Uint16Array(from, 0, count);
  const output = new Uint32Array(to, 0, count);
  for (let i = 0; i < count; i++) output[i] = f16ToF32Bits(input[i]!);
};

const bf16ToF32: Converter = (from, to, count) => {
  const input = new Uint16Array(from, 0, count);
  const output = new Uint32Array(to, 0, count);
  for (let i = 0; i < count; i++) output[i] = input[i]! << 16;
};

const bf16ToF16: Converter = (from, to, count) => {
  const input = new Uint16Array(from, 0, count);
  const output = new Uint16Array(to, 0, count);
  for (let i = 0; i < count; i++) output[i] = f32ToF16Bits(input[i]! << 16);
};
