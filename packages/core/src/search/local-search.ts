import { Mt19937 } from '../rng/mt19937.ts';
import { type SearchOptions, type SearchResult, searchSchedules } from './search.ts';

export interface LocalSearchOptions extends Omit<SearchOptions, 'candidates'> {
  /** Patterns of 1 (full) and 0 to begin with; the search goes on from the best of them. */
  readonly start: readonly string[];
  /** How many patterns are scored in all. */
  readonly evaluations: number;
  /** Seed of the moves: the same one makes the same search. */
  readonly seed: number;
}

/** After so many moves in a row to where it has been, a search has nowhere left to go. */
const mostRepeats = 1000;

/**
 * Looks for a better pattern with as many full steps, move by move: some full steps are put elsewhere, and the move stays if it
 * scores better. For scores with too many patterns to enumerate, and no shape that they must have.
 *
 * @throws WebDiTError as `searchSchedules`.
 */
export async function localSearch({ start, evaluations, seed, ...options }: LocalSearchOptions): Promise<SearchResult> {
  const random = new Mt19937(seed);
  const tried = new Set(start);
  const onProgress = options.onProgress;
  const score = (state: SearchOptions['state']) =>
    searchSchedules({
      ...options,
      state,
      candidates: [...tried],
      onProgress: onProgress && ((progress) => onProgress({ ...progress, total: Math.max(evaluations, tried.size) })),
    });
  let result = await score(options.state);
  let repeats = 0;
  while (tried.size < evaluations && repeats < mostRepeats) {
    const next = movedPattern(result.ranked[0]?.pattern as string, random);
    if (tried.has(next)) {
      repeats++;
      continue;
    }
    repeats = 0;
    tried.add(next);
    result = await score(result.state);
  }
  return result;
}

/**
 * The pattern with some full steps moved, never the first: one of them by a step or two, one to anywhere, or several neighbours by a
 * step. The same pattern where a move leads nowhere.
 */
export function movedPattern(pattern: string, random: Mt19937): string {
  const below = (bound: number) => random.next() % bound;
  const full = [...pattern].flatMap((digit, n) => (digit === '1' && n > 0 ? [n] : []));
  if (full.length === 0) return pattern;
  const first = below(full.length);
  const kind = below(10);
  let count = 1;
  let by: number;
  if (kind < 7) by = [-2, -1, 1, 2][below(4)] as number;
  else if (kind < 8) by = 1 + below(pattern.length - 1) - (full[first] as number);
  else {
    count = 2 + below(5);
    by = below(2) === 0 ? -1 : 1;
  }
  const moved = full.slice(first, first + count);
  const others = full.filter((n) => !moved.includes(n));
  const placed = moved.map((n) => n + by);
  if (placed.some((n) => n < 1 || n >= pattern.length || others.includes(n))) return pattern;
  const now = new Set([0, ...others, ...placed]);
  return Array.from(pattern, (_, n) => (now.has(n) ? '1' : '0')).join('');
}
