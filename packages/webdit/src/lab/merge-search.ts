import { parseSearchState, type ScoredPattern, type SearchState } from '@webdit/core';
import { readShards, type SavedFile, type ShardFormat } from './merge.ts';
import { planList, shardOf } from './shard.ts';

/** What a search scores. */
export interface SearchPlan {
  readonly candidates: readonly string[];
}

const format: ShardFormat<SearchPlan, SearchState> = {
  parsePlan: (plan, path) => ({ candidates: planList(plan, 'candidates', path).map(String) }),
  parseState: parseSearchState,
  settings: ({ key }) => settingsIn(key),
  share: ({ candidates }, shard) => shardOf(candidates, shard),
  done: ({ done }) => done.map(({ pattern }) => pattern),
};

/**
 * The state of a whole search out of those of its shards, in the order of the candidates: that of a run without shards.
 *
 * @throws WebDiTError as `readShards`.
 */
export function mergeSearches(files: readonly SavedFile[]): SearchState {
  const shards = readShards(files, format);
  const scored = new Map(shards.flatMap(({ state }) => state.done.map((entry) => [entry.pattern, entry])));
  const [{ plan, state }] = shards;
  return { ...state, done: plan.candidates.map((pattern) => scored.get(pattern) as ScoredPattern) };
}

/** The fields of a search's key, which `searchSchedules` writes as JSON. */
function settingsIn(key: string): object {
  try {
    const settings: unknown = JSON.parse(key);
    if (typeof settings === 'object' && settings !== null) return settings;
  } catch {
    // Another search's key may be any text.
  }
  return { key };
}
