import { WebDiTError } from '../errors.ts';
import { maxSteps } from '../samplers/timesteps.ts';

/**
 * A pattern says what each step computes, in denoising order, a digit per step: 1 full, 0 reuse, 2 selective. A segment is a
 * full step and the steps up to the next one. Source of the words: docs/procache.md 1.
 */

/** Why a text is no pattern, or null when it is one. */
function patternFault(pattern: string): string | null {
  if (!/^[012]+$/.test(pattern)) return 'holds more than the digits 0, 1 and 2';
  return pattern.startsWith('1') ? null : 'does not begin with a full step';
}

/** True for a text of 0, 1 and 2 that begins with a full step. */
export function isPattern(pattern: string): boolean {
  return patternFault(pattern) === null;
}

/** @throws WebDiTError `bad-argument` unless `pattern` holds only 0, 1 and 2 and begins with 1. */
export function checkPattern(pattern: string): string {
  const fault = patternFault(pattern);
  if (fault === null) return pattern;
  throw new WebDiTError(
    'bad-argument',
    `The pattern "${pattern}" ${fault}.`,
    'Write a digit per step, the first a 1: 1 full, 0 reuse, 2 selective.',
  );
}

/** @throws WebDiTError `schedule-mismatch` unless the pattern has a digit for each of the run's steps. */
export function checkPatternLength(pattern: string, steps: number): void {
  if (pattern.length === steps) return;
  throw new WebDiTError(
    'schedule-mismatch',
    `The pattern is for ${pattern.length} steps, but the run has ${steps}.`,
    `Run ${pattern.length} steps, or use a pattern for ${steps}.`,
  );
}

/** Lengths of the segments, in denoising order. Their sum is the number of steps. */
export function segmentLengths(pattern: string): number[] {
  return splitSegments(pattern).map((segment) => segment.length);
}

/** The segments themselves: `1020102` is `1020`, `102`. */
export function splitSegments(pattern: string): string[] {
  return checkPattern(pattern).match(/1[02]*/g) as string[];
}

/** The pattern without selective steps that has these segments. */
export function patternOfSegments(lengths: readonly number[]): string {
  return lengths.map((length) => `1${'0'.repeat(length - 1)}`).join('');
}

/** Runs of equal items as `item x count`, joined by dots: 4, 4, 3 is `4x2.3x1`. */
export function printRuns(items: readonly (string | number)[]): string {
  const runs: [item: string | number, count: number][] = [];
  for (const item of items) {
    const last = runs.at(-1);
    if (last?.[0] === item) last[1]++;
    else runs.push([item, 1]);
  }
  return runs.map(([item, count]) => `${item}x${count}`).join('.');
}

/** The items of `printRuns`, or null when the text is none, or has more than `most` items. */
export function parseRuns(text: string, most: number): string[] | null {
  const items: string[] = [];
  for (const run of text.split('.')) {
    const [, item, count] = /^([1-9]\d*)x([1-9]\d*)$/.exec(run) ?? [];
    if (item === undefined || items.length + Number(count) > most) return null;
    items.push(...Array<string>(Number(count)).fill(item));
  }
  return items;
}

/** Segments in short, as names carry them: `4x6.3x4.2x7` is six segments of 4 steps, four of 3, seven of 2. */
export function printSegments(lengths: readonly number[]): string {
  return printRuns(lengths);
}

/** Segment lengths from their short form. @throws WebDiTError `bad-argument`. */
export function parseSegments(text: string): number[] {
  const lengths = parseRuns(text, maxSteps)?.map(Number);
  if (lengths && lengths.reduce((sum, length) => sum + length, 0) <= maxSteps) return lengths;
  throw new WebDiTError(
    'bad-argument',
    `"${text}" are not the segments of a pattern.`,
    'Write length x count, joined by dots, such as 4x6.3x4.2x7.',
  );
}

/** Makes every second zero of each run of zeros selective: `10000` is `10202`. Equation 7 of the paper. */
export function injectSelective(pattern: string): string {
  return removeSelective(checkPattern(pattern)).replace(/00/g, '02');
}

/** The pattern read backwards in time; its first step is full whatever that gives. */
export function reversePattern(pattern: string): string {
  return `1${[...checkPattern(pattern)].reverse().join('').slice(1)}`;
}

/** The pattern with its selective steps reused. */
export function removeSelective(pattern: string): string {
  return pattern.replaceAll('2', '0');
}

export interface PatternCounts {
  readonly full: number;
  readonly reuse: number;
  readonly selective: number;
}

/** How many steps of each kind a pattern has. A selective step counts as one even where its k comes out as 0. */
export function countSteps(pattern: string): PatternCounts {
  const count = (digit: string) => pattern.split(digit).length - 1;
  return { full: count('1'), reuse: count('0'), selective: count('2') };
}

/** True when full steps never get further apart (equation 3 of the paper). */
export function isMonotone(pattern: string): boolean {
  return segmentLengths(pattern).every((length, i, all) => i === 0 || length <= (all[i - 1] as number));
}
