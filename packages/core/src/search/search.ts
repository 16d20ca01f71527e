import { WebDiTError } from '../errors.ts';
import {
  asObject,
  type FieldContext,
  numberField,
  refuseField,
  refuseUnknownKeys,
  stringField,
} from '../schedule/fields.ts';
import { isPattern } from '../schedule/pattern.ts';

export interface ScoredPattern {
  readonly pattern: string;
  /** Lower is better. */
  readonly score: number;
}

/** What a search has done so far: plain JSON, enough to go on from. */
export interface SearchState {
  readonly format: 'webdit-search/1';
  /** All that the scores depend on: model, sampler, guidance, mode, seeds, labels. A state of another key is refused. */
  readonly key: string;
  readonly done: readonly ScoredPattern[];
}

/** How far a search for a schedule is. */
export interface SearchProgress {
  /** Candidates scored, those of an earlier run included. */
  readonly done: number;
  readonly total: number;
  readonly latest: ScoredPattern;
  readonly best: ScoredPattern;
  /** Save this to be able to resume. */
  readonly state: SearchState;
}

export interface SearchOptions {
  readonly candidates: readonly string[];
  /** What a candidate is worth, lower is better: the error of its latents against the uncached run, for example. */
  readonly score: (pattern: string, options: { readonly signal: AbortSignal | undefined }) => number | Promise<number>;
  /** See `SearchState.key`. */
  readonly key: string;
  /** Where an earlier search stopped. */
  readonly state?: SearchState | undefined;
  readonly onProgress?: ((progress: SearchProgress) => void | Promise<void>) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface SearchResult {
  /** The candidates, best first; equal scores in the order of the candidates. */
  readonly ranked: readonly ScoredPattern[];
  readonly state: SearchState;
}

/**
 * Scores the candidates one after another, in their order, skipping those that `state` has scored. Knows no GPU: `score` does
 * the work. `onProgress` is called, and awaited, after each.
 *
 * @throws WebDiTError `bad-argument` without candidates or with the state of another search; `numeric` for a score that is not
 *   finite; the signal's reason on abort. What was scored until then is in the state of the last progress.
 */
export async function searchSchedules(options: SearchOptions): Promise<SearchResult> {
  const { score, key, onProgress, signal } = options;
  const candidates = [...new Set(options.candidates)];
  if (candidates.length === 0) {
    throw new WebDiTError('bad-argument', 'There is no pattern to search.', 'Pass at least one candidate.');
  }
  if (options.state !== undefined && options.state.key !== key) {
    throw new WebDiTError(
      'bad-argument',
      `The saved search is for "${options.state.key}", not for "${key}".`,
      'Resume with the settings it was started with, or start afresh.',
    );
  }
  let state: SearchState = options.state ?? { format: 'webdit-search/1', key, done: [] };
  const scores = new Map(state.done.map((entry) => [entry.pattern, entry.score]));
  const rank = () =>
    candidates
      .flatMap((pattern) => {
        const score = scores.get(pattern);
        return score === undefined ? [] : [{ pattern, score }];
      })
      .sort((a, b) => a.score - b.score);
  for (const pattern of candidates) {
    if (scores.has(pattern)) continue;
    signal?.throwIfAborted();
    const latest = { pattern, score: await score(pattern, { signal }) };
    signal?.throwIfAborted();
    if (!Number.isFinite(latest.score)) {
      throw new WebDiTError(
        'numeric',
        `The pattern ${pattern} scored ${String(latest.score)}.`,
        'Check that the uncached run gives finite latents.',
      );
    }
    scores.set(pattern, latest.score);
    state = { ...state, done: [...state.done, latest] };
    const ranked = rank();
    await onProgress?.({
      done: ranked.length,
      total: candidates.length,
      latest,
      best: ranked[0] ?? latest,
      state,
    });
  }
  return { ranked: rank(), state };
}

/**
 * Reads a saved `SearchState`.
 *
 * @param path names the file in errors.
 * @throws WebDiTError `format`.
 */
export function parseSearchState(json: unknown, path: string): SearchState {
  const context: FieldContext = { what: `The saved search ${path}`, code: 'format' };
  const object = asObject(json, context);
  refuseUnknownKeys(object, ['format', 'key', 'done'], context);
  const { format, done } = object;
  if (format !== 'webdit-search/1') return refuseField('format', format, '"webdit-search/1"', context);
  if (!Array.isArray(done)) return refuseField('done', done, 'a list of scored patterns', context);
  return { format, key: stringField(object, 'key', context), done: done.map((entry) => readScored(entry, context)) };
}

function readScored(json: unknown, context: FieldContext): ScoredPattern {
  const entry = asObject(json, context);
  refuseUnknownKeys(entry, ['pattern', 'score'], context);
  const { pattern } = entry;
  if (typeof pattern !== 'string' || !isPattern(pattern)) return refuseField('pattern', pattern, 'a pattern', context);
  return { pattern, score: numberField(entry, 'score', 'a finite number', Number.isFinite, context) };
}
