import { WebDiTError } from '@webdit/core';
import { comparePlan, inPlanOrder, uncachedRow, withUncached } from './compare-plan.ts';
import {
  type CompareRow,
  type CompareState,
  checkState,
  isFewerSteps,
  type Measurement,
  rowId,
  settingsOf,
} from './comparison.ts';
import { type LabResult, measure } from './measure.ts';
import type { LabPair, LabPipe } from './pipe.ts';
import { type CompareSummary, summarize } from './summary.ts';

/** A comparison after one more measurement. */
export interface CompareProgress {
  /** Measurements made, those of an earlier run included. */
  readonly done: number;
  readonly total: number;
  readonly latest: Measurement;
  /** Save this to be able to resume. */
  readonly state: CompareState;
}

/** What to compare, on which pictures. */
export interface CompareOptions {
  /** What to compare. The uncached run is added in front when it is missing. */
  readonly rows: readonly CompareRow[];
  readonly pairs: readonly LabPair[];
  /** Default the model folder's. */
  readonly steps?: number | undefined;
  readonly guidanceScale?: number | undefined;
  /** Sampler of every row that names no other, as `generate` takes it. */
  readonly scheduler?: string | undefined;
  /** Where an earlier comparison stopped; more rows and pairs may have joined since. */
  readonly state?: CompareState | undefined;
  /** Called, and awaited, after each measurement. */
  readonly onProgress?: ((progress: CompareProgress) => void | Promise<void>) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A finished comparison. */
export interface CompareResult {
  /** One per row, in the order of the rows. */
  readonly rows: readonly CompareSummary[];
  /** Measurements pair by pair, rows in their order. */
  readonly state: CompareState;
}

/**
 * Draws every pair with every row on one pipeline, and holds each picture against the uncached one of the same seed and label.
 * Rows take turns, a different one first for each pair, so that a machine that slows down slows all of them. Before it is
 * measured each row runs once unmeasured, so that no measurement compiles pipelines or meets a cold cache: cached rows whole,
 * uncached ones for two steps.
 *
 * @throws WebDiTError `bad-argument` for a bad number of pairs or another comparison's state, and whatever `generate` throws; or
 *   `signal.reason`. What was measured until then is in the state of the last progress.
 */
export async function comparePolicies(pipe: LabPipe, options: CompareOptions): Promise<CompareResult> {
  const { defaults } = pipe.info.model;
  const settings = settingsOf(
    pipe.info,
    options.steps ?? defaults.numInferenceSteps,
    options.guidanceScale ?? defaults.guidanceScale,
    options.scheduler,
  );
  const rows = withUncached(options.rows);
  if (options.pairs.length === 0) {
    throw new WebDiTError('bad-argument', 'There is nothing to compare on.', 'Pass at least one seed and label.');
  }
  const comparison = new Comparison(
    pipe,
    options,
    rows,
    options.state ? checkState(options.state, settings) : { format: 'webdit-compare/1', settings, measurements: [] },
  );
  for (const [index, pair] of options.pairs.entries()) await comparison.measurePair(index, pair);
  const plan = comparePlan(rows, options.pairs);
  const state = inPlanOrder(comparison.state, plan);
  return { rows: summarize(state, plan.rows), state };
}

class Comparison {
  private readonly warm = new Set<string>();

  constructor(
    private readonly pipe: LabPipe,
    private readonly options: CompareOptions,
    private readonly rows: readonly CompareRow[],
    public state: CompareState,
  ) {}

  /** The rows of one pair that are not measured yet, beginning with row `index`. */
  async measurePair(index: number, pair: LabPair): Promise<void> {
    const shift = index % this.rows.length;
    const pending = [...this.rows.slice(shift), ...this.rows.slice(0, shift)].filter((row) => !this.has(row, pair));
    if (pending.length === 0) return;
    for (const row of pending) await this.warmUp(row, pair);
    // When the uncached run is measured already, its picture is still needed.
    let uncached = pending.includes(uncachedRow) ? undefined : await this.run(uncachedRow, pair);
    const waiting: { row: CompareRow; result: LabResult }[] = [];
    for (const row of pending) {
      const result = await this.run(row, pair);
      waiting.push({ row, result });
      if (row === uncachedRow) uncached = result;
      if (uncached === undefined) continue;
      for (const { row, result } of waiting.splice(0)) await this.keep(measure(rowId(row), pair, result, uncached));
    }
  }

  private has(row: CompareRow, pair: LabPair): boolean {
    const id = rowId(row);
    return this.state.measurements.some((m) => m.row === id && m.seed === pair.seed && m.label === pair.label);
  }

  private async warmUp(row: CompareRow, pair: LabPair): Promise<void> {
    const id = rowId(row);
    if (this.warm.has(id)) return;
    this.warm.add(id);
    const isUncached = id === uncachedRow || isFewerSteps(row);
    await this.run(row, pair, isUncached ? Math.min(2, this.stepsOf(row)) : undefined);
  }

  private run(row: CompareRow, pair: LabPair, steps = this.stepsOf(row)): Promise<LabResult> {
    const { signal, scheduler: common } = this.options;
    const scheduler = (isFewerSteps(row) ? row.scheduler : undefined) ?? common;
    return this.pipe.generate(
      { label: pair.label },
      {
        seed: pair.seed,
        numInferenceSteps: steps,
        guidanceScale: this.state.settings.guidanceScale,
        cache: isFewerSteps(row) ? uncachedRow : row,
        outputType: this.pipe.info.model.imageSize === null ? 'latent' : 'imageData',
        ...(scheduler === undefined ? {} : { scheduler }),
        ...(signal ? { signal } : {}),
      },
    );
  }

  private stepsOf(row: CompareRow): number {
    return isFewerSteps(row) ? row.fewerSteps : this.state.settings.steps;
  }

  private async keep(latest: Measurement): Promise<void> {
    const { pairs, onProgress, signal } = this.options;
    signal?.throwIfAborted();
    const earlier = this.state.measurements.find(({ row }) => row === latest.row);
    if (earlier && earlier.policy !== latest.policy) {
      throw new WebDiTError(
        'bad-argument',
        `"${latest.row}" meant ${earlier.policy} when the saved comparison was made, and means ${latest.policy} now.`,
        'Start afresh.',
      );
    }
    this.state = { ...this.state, measurements: [...this.state.measurements, latest] };
    const done = pairs.flatMap((pair) => this.rows.filter((row) => this.has(row, pair))).length;
    await onProgress?.({ done, total: pairs.length * this.rows.length, latest, state: this.state });
  }
}
