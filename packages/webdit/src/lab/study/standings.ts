import { bootstrapMean95, mean } from '@webdit/core';
import { type CompareState, type Measurement, rowId } from '../comparison.ts';
import { type CompareSummary, summarize } from '../summary.ts';
import { chooseRows, onPairs, opponentOf, type TunedRow } from './stages.ts';
import type { Study } from './study.ts';

/** How a row did at a ratio of the study, on the report pairs. */
export interface Standing extends CompareSummary {
  readonly family: string;
  /** Mean latent error on the tuning pairs, by which the setting was chosen. */
  readonly tuningError: number;
  /** Mean latent error on the pairs that every row was drawn on; `latentError` is over all of this row's. */
  readonly sharedError: number;
  /** The row of ours it is held against; null for rows of ours, and for a rival that is faster than all of ours. */
  readonly against: Opponent | null;
}

/** A rival and a row of ours, on the pairs that both were drawn on. */
export interface Opponent {
  readonly row: string;
  /** How much larger our FLOP ratio is, as a share; never negative. */
  readonly handicap: number;
  /** Within 2 %, or the same to 1 in 10,000. Beyond it ours computes less than it might, which can only harm it. */
  readonly matched: boolean;
  readonly pairs: number;
  /** Mean of the rival's latent error less ours, pair by pair, and its 95 % interval: above 0, ours is closer. */
  readonly difference: number;
  readonly interval: { readonly low: number; readonly high: number };
}

/** One of the study's ratios, with everything that was chosen for it. */
export interface RatioStandings {
  readonly ratio: number;
  /** Least latent error first, over the pairs that every row was drawn on. */
  readonly rows: readonly Standing[];
}

/** What a study found. `state` holds the measurements of all its stages. */
export function studyStandings(study: Study, state: CompareState): RatioStandings[] {
  const reported = onPairs(state, study.report);
  const shared = onPairs(reported, study.report.slice(0, study.everyRow));
  const stand = (tuned: TunedRow): Reported[] =>
    summarize(reported, [rowId(tuned.row)]).map((summary) => ({
      // Policies that decide while they run compute more for some pictures than for others.
      tuned: { ...tuned, ratio: summary.flopRatio.executed },
      standing: {
        ...summary,
        family: tuned.family,
        tuningError: tuned.error,
        sharedError: mean(errorsOf(shared, summary.row).map(({ latentError }) => latentError)),
        against: null,
      },
    }));
  return chooseRows(study, state).map((choice) => {
    const ours = choice.ours.flatMap(stand);
    const rivals = choice.rivals.flatMap(stand).map(({ tuned, standing }) => ({
      ...standing,
      against: meet(
        tuned,
        ours.map(({ tuned }) => tuned),
        reported,
      ),
    }));
    const rows = [...ours.map(({ standing }) => standing), ...rivals];
    return { ratio: choice.ratio, rows: rows.sort((a, b) => a.sharedError - b.sharedError) };
  });
}

/** A chosen row and how it did; its FLOP ratio is that on the report pairs. */
interface Reported {
  readonly tuned: TunedRow;
  readonly standing: Standing;
}

function meet(rival: TunedRow, ours: readonly TunedRow[], state: CompareState): Opponent | null {
  const opponent = opponentOf(rival, ours);
  if (opponent === undefined) return null;
  const { row, matched } = opponent;
  const [theirs, own] = [errorsOf(state, rowId(rival.row)), errorsOf(state, rowId(row.row))];
  const differences = theirs.flatMap((theirs) => {
    const same = own.find(({ seed, label }) => seed === theirs.seed && label === theirs.label);
    return same === undefined ? [] : [theirs.latentError - same.latentError];
  });
  if (differences.length === 0) return null;
  return {
    row: rowId(row.row),
    handicap: Math.max(0, row.ratio / rival.ratio - 1),
    matched,
    pairs: differences.length,
    difference: mean(differences),
    interval: bootstrapMean95(differences),
  };
}

function errorsOf(state: CompareState, row: string): Measurement[] {
  return state.measurements.filter((measurement) => measurement.row === row);
}
