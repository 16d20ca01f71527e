import {
  countPatterns,
  enumeratePatterns,
  injectSelective,
  type PatternSpace,
  type ProCacheMode,
  parseSchedule,
  type Schedule,
  type ScoredPattern,
  type SearchProgress,
  type SearchState,
  samplePatterns,
  searchSchedules as scoreCandidates,
} from '@webdit/core';
import type { LabPipe } from './pipe.ts';
import { foundOn, ScoreBench, type ScoreBenchOptions, scoreMetric } from './score-bench.ts';
import { type Shard, shardOf } from './shard.ts';

/** Which schedules to try, on which pictures. */
export interface ScheduleSearchOptions extends PatternSpace, ScoreBenchOptions {
  /** How selective steps choose tokens; default `released`. */
  readonly mode?: ProCacheMode | undefined;
  /** A larger space is sampled: this many of its patterns, each set of them equally likely. Default 64. */
  readonly cap?: number | undefined;
  /** Seed of that sample. Default 0. */
  readonly sampleSeed?: number | undefined;
  /** Where an earlier search stopped. */
  readonly state?: SearchState | undefined;
  /** Called, and awaited, after each candidate. */
  readonly onProgress?: ((progress: SearchProgress) => void | Promise<void>) | undefined;
}

/** The schedule that was found, and how all of them did. */
export interface ScheduleSearchResult {
  /** The best pattern with its selective steps, as a model folder carries it; `found` says how it was found. */
  readonly schedule: Schedule;
  /** Every candidate, best first. */
  readonly ranked: readonly ScoredPattern[];
  readonly state: SearchState;
}

const defaultCap = 64;
const defaultMode: ProCacheMode = 'released';

/** The patterns that a search scores: all of its space, or a sample of a larger one. */
export function searchCandidates(
  options: Pick<ScheduleSearchOptions, keyof PatternSpace | 'cap' | 'sampleSeed'>,
): readonly string[] {
  const { steps, budget, reuseMin, reuseMax, cap = defaultCap, sampleSeed = 0 } = options;
  const space: PatternSpace = { steps, budget, reuseMin, reuseMax };
  return countPatterns(space) > cap ? samplePatterns(space, cap, sampleSeed) : enumeratePatterns(space);
}

/**
 * Finds the ProCache schedule of a model for a number of steps and full steps. As in the paper (docs/procache.md 1) a
 * candidate is scored by its pattern without selective steps, and the winner gets them afterwards; `found` holds the score with
 * them too. The score is the mean relative error of the final latents against the uncached run, over the pairs; lower is better.
 *
 * @throws WebDiTError `bad-argument` for a space without patterns, no pairs, or the state of another search; whatever `generate`
 *   throws; or `signal.reason`. What was scored until then is in the state of the last progress.
 */
export async function searchSchedules(pipe: LabPipe, options: ScheduleSearchOptions): Promise<ScheduleSearchResult> {
  const { steps, budget, reuseMin, reuseMax, mode = defaultMode, sampleSeed = 0 } = options;
  const bench = new ScoreBench(pipe, options);
  const candidates = searchCandidates(options);
  const { ranked, state } = await scoreAll(bench, candidates, options);
  const best = ranked[0] as ScoredPattern;
  const injected = injectSelective(best.pattern);
  const injectedScore = await bench.score({ policy: 'procache', pattern: injected, mode });
  const size = countPatterns({ steps, budget, reuseMin, reuseMax });
  const sampled = size > candidates.length;
  const settings = await bench.settings();
  const found = {
    by: sampled ? 'sampling' : 'enumeration',
    space: { budget, reuse: [reuseMin, reuseMax], patterns: Number(size) },
    ...(sampled ? { sample: { seed: sampleSeed, patterns: candidates.length } } : {}),
    metric: scoreMetric,
    score: best.score,
    scoreWithSelective: injectedScore,
    ...foundOn(settings),
  };
  const fields = { format: 'webdit-schedule/1', policy: 'procache', mode, steps, sampler: settings.sampler };
  return { schedule: parseSchedule({ ...fields, pattern: injected, found }, 'that was found'), ranked, state };
}

/**
 * Scores one shard's part of the candidates. The states of all shards, merged, are what `searchSchedules` ends with, so it has
 * nothing left to score when it goes on from there.
 *
 * @throws WebDiTError as `searchSchedules`, and `bad-argument` for more shards than candidates.
 */
export async function searchShard(pipe: LabPipe, options: ScheduleSearchOptions, shard: Shard): Promise<SearchState> {
  const candidates = shardOf(searchCandidates(options), shard);
  return (await scoreAll(new ScoreBench(pipe, options), candidates, options)).state;
}

async function scoreAll(bench: ScoreBench, candidates: readonly string[], options: ScheduleSearchOptions) {
  const { mode = defaultMode, state, onProgress, signal } = options;
  return scoreCandidates({
    candidates,
    key: JSON.stringify({ mode, ...(await bench.settings()) }),
    score: (pattern) => bench.score({ policy: 'procache', pattern }),
    state,
    onProgress,
    signal,
  });
}
