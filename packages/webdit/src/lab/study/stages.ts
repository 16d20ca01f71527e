import { WebDiTError } from '@webdit/core';
import { type CompareRow, type CompareState, rowId } from '../comparison.ts';
import type { LabPair } from '../pipe.ts';
import { summarize } from '../summary.ts';
import { gridRows, type Study } from './study.ts';

/**
 * The parts of a study, each a plain comparison of rows on pairs: `tune` draws the whole grid, `report` the settings it chose, and
 * `final` the best rivals of these, with the rows they are held against, on more pairs.
 */
export const studyStages = ['tune', 'report', 'final'] as const;
/** One of them. */
export type StudyStage = (typeof studyStages)[number];

/** A row of the grid with what it was worth in tuning. */
export interface TunedRow {
  readonly row: CompareRow;
  readonly family: string;
  /** Executed FLOPs, times less than uncached. */
  readonly ratio: number;
  /** Mean latent error on the tuning pairs. */
  readonly error: number;
}

/** What was chosen for one of the study's ratios. */
export interface RatioChoice {
  readonly ratio: number;
  /** Of each other family the candidate of least error, best first. Families without a candidate are missing. */
  readonly rivals: readonly TunedRow[];
  /** Candidates of ours, one for each FLOP ratio: the one of least error. */
  readonly ours: readonly TunedRow[];
}

/**
 * Rows and pairs of a stage.
 *
 * @param state holds what `tune` measured, for the stages after it.
 * @throws WebDiTError `bad-argument` when that is not there.
 */
export function stageOf(
  study: Study,
  stage: StudyStage,
  state: CompareState | undefined,
): { readonly rows: readonly CompareRow[]; readonly pairs: readonly LabPair[] } {
  if (stage === 'tune') return { rows: gridRows(study), pairs: study.tuning };
  const choices = state === undefined ? [] : chooseRows(study, state);
  const chosen = choices.flatMap(({ ours, rivals }) => {
    if (stage === 'report') return [...ours, ...rivals];
    const best = rivals.slice(0, study.best);
    const opponents = best.map((rival) => opponentOf(rival, ours)?.row ?? ours[0]);
    return [...opponents.filter((row) => row !== undefined), ...best];
  });
  if (chosen.length === 0) {
    throw new WebDiTError(
      'bad-argument',
      `The stage "${stage}" has no rows: none of the study's settings is measured on its tuning pairs yet, or none comes near its ratios.`,
      'Run the stage "tune" first and go on from its file.',
    );
  }
  const pairs = stage === 'report' ? study.report.slice(0, study.everyRow) : study.report;
  return { rows: [...new Map(chosen.map(({ row }) => [rowId(row), row])).values()], pairs };
}

/** The best setting of every family for every ratio, by what was measured on the tuning pairs. */
export function chooseRows(study: Study, state: CompareState): RatioChoice[] {
  const tuned = tunedRows(study, state);
  return study.ratios.map((ratio) => {
    const near = tuned.filter((row) => Math.abs(row.ratio / ratio - 1) <= study.reach);
    const rivals = near.filter((row) => row.family !== study.ours);
    return {
      ratio,
      rivals: leastOf(rivals, ({ family }) => family),
      ours: leastOf(
        near.filter((row) => row.family === study.ours),
        (row) => row.ratio.toFixed(4),
      ),
    };
  });
}

/** Rows compete when their FLOP ratios differ by no more than this share, ours being the larger. */
const matched = 0.02;

/** Ratios this near are one: a sum of a few latents is no work. */
const same = 1e-4;

/**
 * The row of ours that a rival is held against: of those at most 2 % faster the one of least tuning error, or else the next faster
 * one, which computes less than it might and so can only lose by it. Undefined for a rival that is faster than all of ours.
 */
export function opponentOf(
  rival: TunedRow,
  ours: readonly TunedRow[],
): { readonly row: TunedRow; readonly matched: boolean } | undefined {
  const faster = ours.filter((row) => row.ratio >= rival.ratio * (1 - same));
  const near = faster.filter((row) => row.ratio <= rival.ratio * (1 + matched));
  const [row] = near.length > 0 ? near.sort((a, b) => a.error - b.error) : faster.sort((a, b) => a.ratio - b.ratio);
  return row && { row, matched: near.length > 0 };
}

/** Only the measurements on those pairs. */
export function onPairs(state: CompareState, pairs: readonly LabPair[]): CompareState {
  const wanted = new Set(pairs.map(({ seed, label }) => `${seed} ${label}`));
  return { ...state, measurements: state.measurements.filter(({ seed, label }) => wanted.has(`${seed} ${label}`)) };
}

function tunedRows({ grid, tuning }: Study, state: CompareState): TunedRow[] {
  const tuned = onPairs(state, tuning);
  return Object.entries(grid).flatMap(([family, rows]) =>
    rows.flatMap((row) =>
      summarize(tuned, [rowId(row)]).map(({ flopRatio, latentError }) => {
        return { row, family, ratio: flopRatio.executed, error: latentError };
      }),
    ),
  );
}

/** Of the rows of one key the one of least error; least error first. */
function leastOf(rows: readonly TunedRow[], key: (row: TunedRow) => string): TunedRow[] {
  const least = new Map<string, TunedRow>();
  for (const row of [...rows].sort((a, b) => a.error - b.error)) if (!least.has(key(row))) least.set(key(row), row);
  return [...least.values()];
}
