import { psnr, relativeError, WebDiTError } from '@webdit/core';
import type { TokenSet } from './golden.ts';

/** One tensor held against its golden. */
export interface Check {
  /** `case/tensor`. */
  readonly tensor: string;
  readonly error: number;
  readonly target: number;
  readonly unit: '' | ' dB' | ' share';
  /** How far towards failing: 1 is the target itself, more fails. */
  readonly severity: number;
  readonly note: string;
}

/** Steps on the way may be this many times further off than the last one. */
const stepSlack = 3;

/** Pictures are in [-1, 1]. */
const imagePeak = 2;

/** Relative L2 error of a whole tensor. */
export function checkTensor(tensor: string, actual: Float32Array, expected: Float32Array, target: number): Check {
  return relative(tensor, relativeError(actual, expected), target, '');
}

/**
 * Latents after every step, `[steps, ...]`: the last within `target`, each within 3 x `target`; the worse of the two counts.
 *
 * @param actual may hold fewer steps than `expected`; without the golden's last step all count as on the way.
 */
export function checkLatents(
  tensor: string,
  actual: Float32Array,
  expected: Float32Array,
  steps: number,
  target: number,
): Check {
  const size = expected.length / steps;
  const done = actual.length / size;
  if (!Number.isInteger(done) || done < 1 || done > steps) {
    throw new WebDiTError(
      'shape-mismatch',
      `${tensor}: ${actual.length} values are not steps of ${size}.`,
      'Check that the golden belongs to this model.',
    );
  }
  const checks: Check[] = [];
  for (let n = 0; n < done; n++) {
    const range = [n * size, (n + 1) * size] as const;
    const error = relativeError(actual.subarray(...range), expected.subarray(...range));
    const last = n === steps - 1;
    checks.push(
      relative(tensor, error, last ? target : stepSlack * target, last ? `last of ${steps} steps` : `step ${n}`),
    );
  }
  return worstOf(checks);
}

/** PSNR of pictures in [-1, 1], at least `target` dB. */
export function checkImage(tensor: string, actual: Float32Array, expected: Float32Array, target: number): Check {
  const decibels = psnr(actual, expected, imagePeak);
  const severity = Number.isNaN(decibels) ? Number.POSITIVE_INFINITY : 10 ** ((target - decibels) / 20);
  return { tensor, error: decibels, target, unit: ' dB', severity, note: '' };
}

/**
 * Share of the expected tokens that were selected, in the (step, layer, row) that agrees least; at least `target`. Where
 * none are expected none may be selected.
 */
export function checkTokens(
  tensor: string,
  actual: readonly TokenSet[],
  expected: readonly TokenSet[],
  target: number,
): Check {
  const checks = expected.flatMap(({ n, layer, rows }) => {
    const found = actual.find((set) => set.n === n && set.layer === layer);
    return rows.map((ids, row): Check => {
      const chosen = new Set(found?.rows[row] ?? []);
      const agreed = ids.filter((id) => chosen.has(id)).length;
      const share = agreed / Math.max(ids.length, chosen.size, 1);
      const agreement = ids.length === 0 && chosen.size === 0 ? 1 : share;
      const note = `least of ${expected.length} sets, step ${n} layer ${layer} row ${row}`;
      const severity = agreement > 0 ? target / agreement : Number.POSITIVE_INFINITY;
      return { tensor, error: agreement, target, unit: ' share', severity, note };
    });
  });
  return worstOf(checks);
}

/** `<tensor> <error>/<target> ok|FAIL (note)` */
export function checkLine(check: Check): string {
  const note = check.note === '' ? '' : ` (${check.note})`;
  return `${numbers(check)}${check.unit} ${passes(check) ? 'ok' : 'FAIL'}${note}`;
}

/** The last line: `PASS|FAIL worst <tensor> <error>/<target>`. */
export function verdict(checks: readonly Check[]): { passed: boolean; line: string } {
  const worst = worstOf(checks);
  const passed = passes(worst);
  return { passed, line: `${passed ? 'PASS' : 'FAIL'} worst ${numbers(worst)}` };
}

function relative(tensor: string, error: number, target: number, note: string): Check {
  const severity = Number.isNaN(error) ? Number.POSITIVE_INFINITY : error / target;
  return { tensor, error, target, unit: '', severity, note };
}

function passes({ severity }: Check): boolean {
  return severity <= 1;
}

function worstOf(checks: readonly Check[]): Check {
  const [first, ...rest] = checks;
  if (first === undefined) {
    throw new WebDiTError('format', 'The golden folder checks nothing.', 'Choose runs that expect some tensor.');
  }
  return rest.reduce((worst, check) => (check.severity > worst.severity ? check : worst), first);
}

function numbers({ tensor, error, target, unit }: Check): string {
  const format = (value: number) => (unit === '' ? scientific(value) : value.toFixed(unit === ' dB' ? 1 : 4));
  return `${tensor} ${format(error)}/${format(target)}`;
}

function scientific(value: number): string {
  return Number.isFinite(value) ? value.toExponential(2) : String(value);
}
