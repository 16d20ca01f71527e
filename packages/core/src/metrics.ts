import { WebDiTError } from './errors.ts';

type Numbers = ArrayLike<number>;

/** Relative L2 error `||a - b|| / ||b||`, `b` being the reference. 0 for two zero vectors, Infinity against a zero reference. */
export function relativeError(a: Numbers, b: Numbers): number {
  checkLengths(a, b);
  let difference = 0;
  let norm = 0;
  for (let i = 0; i < b.length; i++) {
    const reference = b[i] as number;
    difference += ((a[i] as number) - reference) ** 2;
    norm += reference ** 2;
  }
  return difference === 0 ? 0 : Math.sqrt(difference / norm);
}

/** Relative L1 change from `earlier` to `later`: mean |later - earlier| over mean |earlier|. 0 for two zero vectors. */
export function relativeChange(later: Numbers, earlier: Numbers): number {
  checkLengths(later, earlier);
  let difference = 0;
  let size = 0;
  for (let i = 0; i < earlier.length; i++) {
    const reference = earlier[i] as number;
    difference += Math.abs((later[i] as number) - reference);
    size += Math.abs(reference);
  }
  return difference === 0 ? 0 : difference / size;
}

/** Largest `|a - b|` over the root mean square of `b`, the reference; NaN when a value is none. */
export function worstError(a: Numbers, b: Numbers): number {
  checkLengths(a, b);
  let worst = 0;
  let squares = 0;
  for (let i = 0; i < b.length; i++) {
    const reference = b[i] as number;
    worst = Math.max(worst, Math.abs((a[i] as number) - reference));
    squares += reference ** 2;
  }
  return worst === 0 ? 0 : worst / Math.sqrt(squares / b.length);
}

/**
 * Peak signal-to-noise ratio in dB. Infinity for equal inputs.
 *
 * @param peak the span of the values: 255 for bytes, 2 for pictures in [-1, 1].
 */
export function psnr(a: Numbers, b: Numbers, peak: number): number {
  checkLengths(a, b);
  let squares = 0;
  for (let i = 0; i < b.length; i++) squares += ((a[i] as number) - (b[i] as number)) ** 2;
  return 10 * Math.log10(peak ** 2 / (squares / b.length));
}

function checkLengths(a: Numbers, b: Numbers): void {
  if (a.length !== b.length || a.length === 0) {
    throw new WebDiTError(
      'shape-mismatch',
      `${a.length} values cannot be compared with ${b.length}.`,
      'Compare tensors or pictures of the same shape.',
    );
  }
}
