import {
  forecastPattern,
  localSearch,
  type PredictionForecast,
  parseSchedule,
  type SearchProgress,
  type SearchState,
} from '@webdit/core';
import type { LabPipe } from './pipe.ts';
import { foundOn, ScoreBench, type ScoreBenchOptions, scoreMetric } from './score-bench.ts';
import type { ScheduleSearchResult } from './search.ts';

/** Which full steps of a `procache+` schedule to look for, and on which pictures. */
export interface ForecastSearchOptions extends ScoreBenchOptions, PredictionForecast {
  /** Full steps. */
  readonly budget: number;
  /** Patterns scored in all. */
  readonly evaluations: number;
  /** Patterns to begin with, of 1 (full) and 0; default the one that `procache+` derives. */
  readonly start?: readonly string[] | undefined;
  /** Seed of the moves. */
  readonly moveSeed: number;
  /** Where an earlier search stopped. */
  readonly state?: SearchState | undefined;
  /** Called, and awaited, after each candidate. */
  readonly onProgress?: ((progress: SearchProgress) => void | Promise<void>) | undefined;
}

/**
 * Finds where the full steps of `procache+` belong: a local search, which moves them as long as that brings the final latents nearer
 * to the uncached ones, mean over the pairs.
 *
 * @throws WebDiTError `bad-argument` for no pairs or the state of another search; whatever `generate` throws; or `signal.reason`.
 *   What was scored until then is in the state of the last progress.
 */
export async function searchForecasts(pipe: LabPipe, options: ForecastSearchOptions): Promise<ScheduleSearchResult> {
  const { steps, budget, order, correction, evaluations, moveSeed, state: saved, onProgress, signal } = options;
  const { start = [forecastPattern(steps, budget)] } = options;
  const bench = new ScoreBench(pipe, options);
  const settings = await bench.settings();
  const policy = 'procache+';
  const { ranked, state } = await localSearch({
    start,
    evaluations,
    seed: moveSeed,
    key: JSON.stringify({ policy, order, correction, ...settings }),
    score: (pattern) => bench.score({ policy, pattern, order, correction }),
    state: saved,
    onProgress,
    signal,
  });
  const [best] = ranked;
  const found = {
    by: 'local search',
    moves: { seed: moveSeed, evaluations: ranked.length, start },
    metric: scoreMetric,
    score: best?.score,
    ...foundOn(settings),
  };
  const fields = { format: 'webdit-schedule/1', policy, steps, sampler: settings.sampler, order, correction };
  return { schedule: parseSchedule({ ...fields, pattern: best?.pattern, found }, 'that was found'), ranked, state };
}
