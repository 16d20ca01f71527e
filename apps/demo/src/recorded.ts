import type { CompareSummary, RatioStandings, Standing } from 'webdit';

/** A row of a recorded result: all but the times of its kinds of step. */
export type RecordedRow = Omit<CompareSummary, 'kinds'>;

/** A comparison measured by this project and committed under `bench/results`, for want of one from this device. */
export interface RecordedComparison {
  /** Its name in `bench/results`. */
  readonly file: string;
  readonly command: string;
  /** As in 2026-11-22. */
  readonly date: string;
  /** Browser or Node, and its version. */
  readonly runtime: string;
  readonly adapter: string;
  readonly steps: number;
  readonly guidance: number;
  readonly rows: readonly RecordedRow[];
}

export type RecordedStanding = Omit<Standing, 'kinds'>;

/** A study: every policy at its best settings, held against one of them. `rows` has all of them once, and the uncached run. */
export interface RecordedStudy extends RecordedComparison {
  /** The family that every other is held against. */
  readonly ours: string;
  /** Pictures that every row was drawn on. */
  readonly everyRow: number;
  /** How many rivals of a ratio, besides ours, were drawn on all pictures. */
  readonly best: number;
  /** Pictures that settings were chosen on. */
  readonly tuned: number;
  /** Pictures that the result is reported on. */
  readonly reported: number;
  readonly standings: readonly {
    readonly ratio: RatioStandings['ratio'];
    /** Least latent error first, over the pictures that every row was drawn on. */
    readonly rows: readonly RecordedStanding[];
  }[];
}
