/**
 * Single-precision log, sin and cos to the last bit of what torch's vectorised CPU path computes (AVX2 with fused
 * multiply-add). Method and coefficients: the Cephes mathematical library, S. Moshier, `logf`, `sinf`, `cosf`.
 * Correctly rounded functions would differ from torch in one value of six, by one unit in the last place.
 */

const f32 = Math.fround;

/** a * b + c, rounded once: the product of two f32 is exact in f64. */
function fma(a: number, b: number, c: number): number {
  return f32(a * b + c);
}

function horner(x: number, coefficients: Float32Array): number {
  let y = coefficients[0] as number;
  for (let i = 1; i < coefficients.length; i++) y = fma(y, x, coefficients[i] as number);
  return y;
}

const logPolynomial = Float32Array.of(
  7.0376836292e-2,
  -1.151461031e-1,
  1.167699874e-1,
  -1.2420140846e-1,
  1.4249322787e-1,
  -1.6668057665e-1,
  2.0000714765e-1,
  -2.4999993993e-1,
  3.3333331174e-1,
);
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
  let y = fma(f32(horner(x, logPolynomial) * x), z, f32(exponent * ln2Low));
  y = fma(-0.5, z, y);
  return fma(exponent, ln2High, f32(x + y));
}

const sinPolynomial = Float32Array.of(-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1);
const cosPolynomial = Float32Array.of(2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2);
const fourOverPi = f32(4 / Math.PI);
/** -pi / 4 in three parts. */
const minusQuarterPi = Float32Array.of(-0.78515625, -2.4187564849853516e-4, -3.774894977445941e-8);

/** Sine and cosine of an f32 from 0 to 2 pi. */
export function sincosf(theta: number): { sin: number; cos: number } {
  const octant = (Math.trunc(f32(theta * fourOverPi)) + 1) & ~1;
  let x = theta;
  for (const part of minusQuarterPi) x = fma(octant, part, x);
  const z = f32(x * x);
  const cosine = f32(fma(f32(horner(z, cosPolynomial) * z), z, -0.5 * z) + 1);
  const sine = fma(f32(horner(z, sinPolynomial) * z), x, x);
  const swap = (octant & 2) !== 0;
  const sinSign = octant & 4 ? -1 : 1;
  const cosSign = (octant - 2) & 4 ? 1 : -1;
  return { sin: sinSign * (swap ? cosine : sine), cos: cosSign * (swap ? sine : cosine) };
}
