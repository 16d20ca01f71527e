import { type CompareRow, type CompareState, checkState, type Measurement, rowId } from './comparison.ts';
import type { LabPair } from './pipe.ts';

/** The row everything is held against. */
export const uncachedRow = 'none';

/** What a comparison measures: every row on every pair. */
export interface ComparePlan {
  /** `rowId` of each row, the uncached one among them. */
  readonly rows: readonly string[];
  readonly pairs: readonly LabPair[];
}

/** Each row once, with the uncached one in front when it is missing. */
export function withUncached(rows: readonly CompareRow[]): CompareRow[] {
  const all = rows.some((row) => rowId(row) === uncachedRow) ? rows : [uncachedRow, ...rows];
  return [...new Map(all.map((row) => [rowId(row), row])).values()];
}

/** The plan of a comparison of these rows on these pairs. */
export function comparePlan(rows: readonly CompareRow[], pairs: readonly LabPair[]): ComparePlan {
  return { rows: withUncached(rows).map(rowId), pairs };
}

/** Whatever order it was measured in: pair by pair, rows in the plan's order; what is not in the plan comes last. */
export function inPlanOrder(state: CompareState, { rows, pairs }: ComparePlan): CompareState {
  const places = new Map(
    pairs.flatMap((pair, i) => rows.map((row, j) => [placeKey({ row, ...pair }), i * rows.length + j])),
  );
  const place = (measurement: Measurement) => places.get(placeKey(measurement)) ?? places.size;
  return { ...state, measurements: [...state.measurements].sort((a, b) => place(a) - place(b)) };
}

/** One row on one pair, as a key. */
export function placeKey({ row, seed, label }: Pick<Measurement, 'row' | 'seed' | 'label'>): string {
  return JSON.stringify([row, seed, label]);
}

/**
 * The measurements of several comparisons made with the same settings, each row on each pair once: the first that was made.
 *
 * @throws WebDiTError `bad-argument`, naming the setting that differs.
 */
export function joinStates(states: readonly CompareState[]): CompareState | undefined {
  const [first] = states;
  if (first === undefined) return undefined;
  const measured = states.flatMap((state) => checkState(state, first.settings).measurements);
  const firstOf = new Map(measured.toReversed().map((measurement) => [placeKey(measurement), measurement]));
  return {
    ...first,
    measurements: measured.filter((measurement) => firstOf.get(placeKey(measurement)) === measurement),
  };
}
