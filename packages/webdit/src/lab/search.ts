import {
  countPatterns,
  enumeratePatterns,
  injectSelective,
  mean,
  type PatternSpace,
  type ProCacheMode,
  parseSchedule,
  relativeError,
  type Schedule,
  type ScoredPattern,
  type SearchProgress,
  type SearchState,
  samplePatterns,
  searchSchedules as scoreCandidates,
  WebDiTError,
} from '@webdit/core';
import type { LabResult } from './measure.ts';
import { adapterName, type LabPair, type LabPipe } from './pipe.ts';

export interface ScheduleSearchOptions extends PatternSpace {
  /** What a candidate is scored on. */
  readonly pairs: readonly LabPair[];
  readonly guidanceScale?: number | undefined;
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
  readonly signal?: AbortSignal | undefined;
}

export interface ScheduleSearchResult {
  /** The best pattern with its selective steps, as a model folder carries it; `found` says how it was found. */
  readonly schedule: Schedule;
  /** Every candidate, best first. */
  readonly ranked: readonly ScoredPattern[];
  readonly state: SearchState;
}

const defaultCap = 64;

/**
 * Finds the ProCache schedule of a model for a number of steps and full steps. As in the paper (docs/procache.md 1) a
 * candidate is scored by its pattern without selective steps, and the winner gets them afterwards; `found` holds the score with
 * them too. The score is the mean relative error of the final latents against the uncached run, over the pairs; lower is better.
 *
 * @throws WebDiTError `bad-argument` for a space without patterns, no pairs, or the state of another search; whatever `generate`
 *   throws; or `signal.reason`. What was scored until then is in the state of the last progress.
 */
export async function searchSchedules(pipe: LabPipe, options: ScheduleSearchOptions): Promise<ScheduleSearchResult> {
  const { steps, budget, reuseMin, reuseMax, pairs, mode = 'released', cap = defaultCap, sampleSeed = 0 } = options;
  if (pairs.length === 0) {
    throw new WebDiTError('bad-argument', 'There is nothing to search on.', 'Pass at least one seed and label.');
  }
  const space: PatternSpace = { steps, budget, reuseMin, reuseMax };
  const size = countPatterns(space);
  const sampled = size > cap;
  const candidates = sampled ? samplePatterns(space, cap, sampleSeed) : enumeratePatterns(space);
  const guidanceScale = options.guidanceScale ?? pipe.info.model.defaults.guidanceScale;
  const bench = new ScoreBench(pipe, pairs, steps, guidanceScale, options.signal);
  const { name: model, dtype } = pipe.info;
  const adapter = adapterName(pipe.info);
  const sampler = await bench.sampler();
  const { ranked, state } = await scoreCandidates({
    candidates,
    key: JSON.stringify({ model, dtype, adapter, sampler, mode, steps, guidanceScale, pairs }),
    score: (pattern) => bench.score(pattern),
    state: options.state,
    onProgress: options.onProgress,
    signal: options.signal,
  });
  const best = ranked[0] as ScoredPattern;
  const injected = injectSelective(best.pattern);
  const injectedScore = await bench.score(injected, mode);
  const found = {
    by: sampled ? 'sampling' : 'enumeration',
    space: { budget, reuse: [reuseMin, reuseMax], patterns: Number(size) },
    ...(sampled ? { sample: { seed: sampleSeed, patterns: candidates.length } } : {}),
    metric: 'mean relative error of the final latents against the uncached run',
    score: best.score,
    scoreWithSelective: injectedScore,
    pairs,
    guidanceScale,
    model,
    dtype,
    adapter,
    date: new Date().toISOString().slice(0, 10),
  };
  const fields = { format: 'webdit-schedule/1', policy: 'procache', mode, steps, sampler };
  return { schedule: parseSchedule({ ...fields, pattern: injected, found }, 'that was found'), ranked, state };
}

/** Runs candidates and holds their latents against the uncached ones, which it keeps. */
class ScoreBench {
  private samplerName = '';
  private readonly uncached = new Map<LabPair, Float32Array>();

  constructor(
    private readonly pipe: LabPipe,
    private readonly pairs: readonly LabPair[],
    private readonly steps: number,
    private readonly guidanceScale: number,
    private readonly signal: AbortSignal | undefined,
  ) {}

  /** The model's sampler, as the first uncached run reports it. */
  async sampler(): Promise<string> {
    await this.reference(this.pairs[0] as LabPair);
    return this.samplerName;
  }

  async score(pattern: string, mode?: ProCacheMode): Promise<number> {
    const errors: number[] = [];
    for (const pair of this.pairs) {
      const { latents } = await this.run(pair, { policy: 'procache', pattern, ...(mode ? { mode } : {}) });
      errors.push(relativeError(latents.data, await this.reference(pair)));
    }
    return mean(errors);
  }

  private async reference(pair: LabPair): Promise<Float32Array> {
    const known = this.uncached.get(pair);
    if (known) return known;
    const { data } = (await this.run(pair, 'none')).latents;
    this.uncached.set(pair, data);
    return data;
  }

  private async run(pair: LabPair, cache: string | { policy: string; pattern: string }): Promise<LabResult> {
    const result = await this.pipe.generate(
      { label: pair.label },
      {
        seed: pair.seed,
        numInferenceSteps: this.steps,
        guidanceScale: this.guidanceScale,
        cache,
        outputType: 'latent',
        ...(this.signal ? { signal: this.signal } : {}),
      },
    );
    this.samplerName = result.report.sampler;
    return result;
  }
}
