import { type CacheSpec, readCacheSpec, WebDiTError } from '@webdit/core';
import { type CompareRow, isFewerSteps, isObject, rowId } from '../comparison.ts';
import type { LabPair } from '../pipe.ts';

/**
 * A comparison that is fair to every policy: each is tuned on pictures of its own before it is judged on others, and only rows of
 * about the same FLOPs are held against each other.
 */
export interface Study {
  readonly format: 'webdit-study/1';
  readonly steps: number;
  readonly guidanceScale: number;
  /** FLOP ratios (executed) that policies are wanted at. */
  readonly ratios: readonly number[];
  /** A setting is a candidate for a ratio when its own differs by no more than this share. */
  readonly reach: number;
  /** The family that every other is held against. */
  readonly ours: string;
  /** Every setting that may be chosen, by family. */
  readonly grid: Readonly<Record<string, readonly CompareRow[]>>;
  /** What settings are chosen on. */
  readonly tuning: readonly LabPair[];
  /** What the chosen ones are judged on. No seed and no label of `tuning` is among them. */
  readonly report: readonly LabPair[];
  /** How many of `report`, counted from the first, every chosen row is drawn on. */
  readonly everyRow: number;
  /** How many rivals of each ratio are drawn on all of `report`, with the rows of `ours` that they are held against. */
  readonly best: number;
}

const keys = [
  'format',
  'steps',
  'guidanceScale',
  'ratios',
  'reach',
  'ours',
  'grid',
  'tuning',
  'report',
  'everyRow',
  'best',
];

/**
 * Reads a study.
 *
 * @param path names the file in errors.
 * @throws WebDiTError `format`; `unknown-policy` or `bad-argument` for a row of the grid.
 */
export function parseStudy(json: unknown, path: string): Study {
  const bad = (what: string, remedy: string): never => {
    throw new WebDiTError('format', `The study ${path} ${what}.`, remedy);
  };
  const study = json as Study;
  if (!isObject(json) || json.format !== 'webdit-study/1')
    return bad('is not one', 'Pass a file of format webdit-study/1.');
  const unknown = Object.keys(json).find((key) => !keys.includes(key));
  if (unknown !== undefined) return bad(`sets "${unknown}"`, `Use ${keys.join(', ')}.`);
  const { steps, guidanceScale, ratios, reach, ours, grid, everyRow, best } = study;
  const counts = { steps, everyRow, best };
  for (const [key, value] of Object.entries(counts)) {
    if (!Number.isInteger(value) || value < 1)
      return bad(`sets ${key} to ${String(value)}`, 'Use a whole number from 1.');
  }
  if (!Number.isFinite(guidanceScale)) return bad('has no guidanceScale', 'Use a number such as 3.');
  if (!(reach > 0 && reach < 1)) return bad(`sets reach to ${String(reach)}`, 'Use a share such as 0.1.');
  if (!Array.isArray(ratios) || !ratios.every((ratio) => ratio > 1))
    return bad('has no ratios', 'Use a list such as [2, 3].');
  if (!isObject(grid) || !Object.hasOwn(grid, ours))
    return bad(`has no settings of ${String(ours)}`, 'Add them to grid.');
  for (const [family, rows] of Object.entries(grid)) {
    if (!Array.isArray(rows) || rows.length === 0)
      return bad(`has no settings of ${family}`, 'Add some, or leave it out.');
    for (const row of rows) if (!isFewerSteps(row)) readCacheSpec(row as CacheSpec, { steps, sampler: '' });
  }
  const ids = gridRows(study).map(rowId);
  const twice = ids.find((id, i) => ids.indexOf(id) !== i);
  if (twice !== undefined) return bad(`has ${twice} twice in its grid`, 'Remove one.');
  for (const key of ['tuning', 'report'] as const) {
    if (!isPairs(study[key]))
      return bad(`has no pairs to ${key === 'tuning' ? 'tune' : 'report'} on`, 'Use a list of {seed, label}.');
  }
  if (study.report.length < everyRow)
    return bad(`reports on ${study.report.length} pairs, not on ${everyRow}`, 'Add pairs.');
  for (const key of ['seed', 'label'] as const) {
    const shared = study.report.find((pair) => study.tuning.some((other) => other[key] === pair[key]));
    if (shared) return bad(`both tunes and reports on ${key} ${shared[key]}`, 'Use each in one of the lists.');
  }
  return study;
}

/** Every row of the grid, family by family. */
export function gridRows({ grid }: Study): CompareRow[] {
  return Object.values(grid).flat();
}

function isPairs(value: unknown): value is LabPair[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((pair) => isObject(pair) && Number.isInteger(pair.seed) && Number.isInteger(pair.label))
  );
}
