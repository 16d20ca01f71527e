import { psnr, relativeError, WebDiTError } from '@webdit/core';
import type { TokenSet } from './golden.ts';

/** A tensor of a case. */
export interface TensorName {
  readonly case: string;
  readonly tensor: string;
}

/** One tensor held against its golden. */
export interface TensorCheck extends TensorName {
  /** Relative L2 error; of pictures the PSNR, of selected tokens the share that agrees. NaN where a value is none. */
  readonly error: number;
  /** The largest error, or the least PSNR or share. */
  readonly target: number;
  readonly unit: '' | 'dB' | 'share';
  /** How far towards failing: 1 is the target itself, more fails. */
  readonly severity: number;
  readonly ok: boolean;
  /** Which step or set it is, where there are several. */
  readonly note: string;
}

/** Steps on the way may be this many times further off than the last one. */
const stepSlack = 3;

/** Pictures are in [-1, 1]. */
const imagePeak = 2;

/** Relative L2 error of a whole tensor. */
export function checkTensor(
  name: TensorName,
  actual: Float32Array,
  expected: Float32Array,
  target: number,
): TensorCheck {
  return relative(name, relativeError(actual, expected), target, '');
}

/**
 * Latents after every step, `[steps, ...]`: the last within `target`, each within 3 x `target`; the worse of the two counts.
 *
 * @param actual may hold fewer steps than `expected`; without the golden's last step all count as on the way.
 */
export function checkLatents(
  name: TensorName,
  actual: Float32Array,
  expected: Float32Array,
  steps: number,
  target: number,
): TensorCheck {
  const size = expected.length / steps;
  const done = actual.length / size;
  if (!Number.isInteger(done) || done < 1 || done > steps) {
    throw new WebDiTError(
      'shape-mismatch',
      `${name.case}/${name.tensor}: ${actual.length} values are not steps of ${size}.`,
      'Check that the golden belongs to this model.',
    );
  }
  const checks: TensorCheck[] = [];
  for (let n = 0; n < done; n++) {
    const range = [n * size, (n + 1) * size] as const;
    const error = relativeError(actual.subarray(...range), expected.subarray(...range));
    const last = n === steps - 1;
    checks.push(
      relative(name, error, last ? target : stepSlack * target, last ? `last of ${steps} steps` : `step ${n}`),
    );
  }
  return worstOf(checks);
}

/** PSNR of pictures in [-1, 1], at least `target` dB. */
export function checkImage(
  name: TensorName,
  actual: Float32Array,
  expected: Float32Array,
  target: number,
): TensorCheck {
  const decibels = psnr(actual, expected, imagePeak);
  const severity = Number.isNaN(decibels) ? Number.POSITIVE_INFINITY : 10 ** ((target - decibels) / 20);
  return made(name, { error: decibels, target, unit: 'dB', severity, note: '' });
}

/**
 * Share of the expected tokens that were selected, in the (step, layer, row) that agrees least; at least `target`. Where
 * none are expected none may be selected.
 */
export function checkTokens(
  name: TensorName,
  actual: readonly TokenSet[],
  expected: readonly TokenSet[],
  target: number,
): TensorCheck {
  const checks = expected.flatMap(({ n, layer, branch = 'mlp', rows }) => {
    const found = actual.find((set) => set.n === n && set.layer === layer && (set.branch ?? 'mlp') === branch);
    return rows.map((ids, row): TensorCheck => {
      const chosen = new Set(found?.rows[row] ?? []);
      const agreed = ids.filter((id) => chosen.has(id)).length;
      const share = agreed / Math.max(ids.length, chosen.size, 1);
      const agreement = ids.length === 0 && chosen.size === 0 ? 1 : share;
      const note = `least of ${expected.length} sets, step ${n} layer ${layer} row ${row}`;
      const severity = agreement === 1 ? 0 : (1 - agreement) / (1 - target);
      return made(name, { error: agreement, target, unit: 'share', severity, note });
    });
  });
  return worstOf(checks);
}

/** `<case>/<tensor> <error>/<target> ok|FAIL (note)` */
export function checkLine(check: TensorCheck): string {
  const unit = check.unit === '' ? '' : ` ${check.unit}`;
  const note = check.note === '' ? '' : ` (${check.note})`;
  return `${numbers(check)}${unit} ${check.ok ? 'ok' : 'FAIL'}${note}`;
}

/** The last line: `PASS|FAIL worst <case>/<tensor> <error>/<target>`. */
export function verdict(checks: readonly TensorCheck[]): { readonly passed: boolean; readonly line: string } {
  const worst = worstOf(checks);
  return { passed: worst.ok, line: `${worst.ok ? 'PASS' : 'FAIL'} worst ${numbers(worst)}` };
}

/** The check nearest to failing, or furthest beyond. @throws WebDiTError `format` for none. */
export function worstOf(checks: readonly TensorCheck[]): TensorCheck {
  const [first, ...rest] = checks;
  if (first === undefined) {
    throw new WebDiTError('format', 'The golden folder checks nothing.', 'Choose runs that expect some tensor.');
  }
  return rest.reduce((worst, check) => (check.severity > worst.severity ? check : worst), first);
}

function relative(name: TensorName, error: number, target: number, note: string): TensorCheck {
  const severity = Number.isNaN(error) ? Number.POSITIVE_INFINITY : error / target;
  return made(name, { error, target, unit: '', severity, note });
}

function made(name: TensorName, check: Omit<TensorCheck, 'ok' | keyof TensorName>): TensorCheck {
  return { case: name.case, tensor: name.tensor, ...check, ok: check.severity <= 1 };
}

function numbers({ case: run, tensor, error, target, unit }: TensorCheck): string {
  const format = (value: number) => (unit === '' ? scientific(value) : value.toFixed(unit === 'dB' ? 1 : 4));
  return `${run}/${tensor} ${format(error)}/${format(target)}`;
}

function scientific(value: number): string {
  return Number.isFinite(value) ? value.toExponential(2) : String(value);
}
