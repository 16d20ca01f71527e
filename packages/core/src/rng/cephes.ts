/**
 * Single-precision log, sin and cos to the last bit of what torch's vectorised CPU path computes (AVX2 with fused
 * multiply-add). Method and coefficients: the Cephes mathematical library, S. Moshier, `logf`, `sinf`, `cosf`.
 * Correctly rounded functions would differ from torch in one value of six, by one unit in the last place.
 * Polynomials are written out and angles go in and out through typed arrays: 600 million weights are drawn this way.
 */

const f32 = Math.fround;

/** a * b + c, rounded once: the product of two f32 is exact in f64. */
function fma(a: number, b: number, c: number): number {
  return f32(a * b + c);
}

const log0 = f32(7.0376836292e-2);
const log1 = f32(-1.151461031e-1);
const log2 = f32(1.167699874e-1);
const log3 = f32(-1.2420140846e-1);
const log4 = f32(1.4249322787e-1);
const log5 = f32(-1.6668057665e-1);
const log6 = f32(2.0000714765e-1);
const log7 = f32(-2.4999993993e-1);
const log8 = f32(3.3333331174e-1);
const sqrtHalf = f32(Math.SQRT1_2);
/** ln 2, as a coarse part and a fine part. */
const ln2High = f32(0.693359375);
const ln2Low = f32(-2.1219444e-4);

const bits = new Uint32Array(1);
const float = new Float32Array(bits.buffer);

/** Natural logarithm of a normal positive f32. */
export function logf(value: number): number {
  float[0] = value;
  const pattern = bits[0] as number;
  let exponent = (pattern >>> 23) - 126;
  bits[0] = (pattern & 0x007fffff) | 0x3f000000;
  let x = float[0] as number;
  if (x < sqrtHalf) {
    exponent -= 1;
    x = f32(f32(x - 1) + x);
  } else {
    x = f32(x - 1);
  }
  const z = f32(x * x);
  let p = fma(log0, x, log1);
  p = fma(p, x, log2);
  p = fma(p, x, log3);
  p = fma(p, x, log4);
  p = fma(p, x, log5);
  p = fma(p, x, log6);
  p = fma(p, x, log7);
  p = fma(p, x, log8);
  let y = fma(f32(p * x), z, f32(exponent * ln2Low));
  y = fma(-0.5, z, y);
  return fma(exponent, ln2High, f32(x + y));
}

const sin0 = f32(-1.9515295891e-4);
const sin1 = f32(8.3321608736e-3);
const sin2 = f32(-1.6666654611e-1);
const cos0 = f32(2.443315711809948e-5);
const cos1 = f32(-1.388731625493765e-3);
const cos2 = f32(4.166664568298827e-2);
const fourOverPi = f32(4 / Math.PI);
/** -pi / 4 in three parts. */
const quarterPi0 = f32(-0.78515625);
const quarterPi1 = f32(-2.4187564849853516e-4);
const quarterPi2 = f32(-3.774894977445941e-8);

/** Writes cosine and sine of an f32 from 0 to 2 pi, each times `radius`, to two places of `out`. */
export function polarf(radius: number, theta: number, out: Float32Array, cosAt: number, sinAt: number): void {
  const octant = ((f32(theta * fourOverPi) | 0) + 1) & ~1;
  let x = fma(octant, quarterPi0, theta);
  x = fma(octant, quarterPi1, x);
  x = fma(octant, quarterPi2, x);
  const z = f32(x * x);
  const cosine = f32(fma(f32(fma(fma(cos0, z, cos1), z, cos2) * z), z, -0.5 * z) + 1);
  const sine = fma(f32(fma(fma(sin0, z, sin1), z, sin2) * z), x, x);
  const swap = (octant & 2) !== 0;
  const sinSign = octant & 4 ? -1 : 1;
  const cosSign = (octant - 2) & 4 ? 1 : -1;
  out[cosAt] = radius * (cosSign * (swap ? sine : cosine));
  out[sinAt] = radius * (sinSign * (swap ? cosine : sine));
}
