import { WebDiTError } from '@webdit/core';
import { type ComparePlan, inPlanOrder, placeKey } from './compare-plan.ts';
import { type CompareState, type Measurement, parseCompareState } from './comparison.ts';
import { readShards, type SavedFile, type ShardFormat } from './merge.ts';
import type { LabPair } from './pipe.ts';
import { planList, shardOf } from './shard.ts';
import { type CompareSummary, summarize } from './summary.ts';

const format: ShardFormat<ComparePlan, CompareState> = {
  parsePlan(plan, path) {
    const rows = planList(plan, 'rows', path).map(String);
    return { rows, pairs: planList(plan, 'pairs', path) as readonly LabPair[] };
  },
  parseState: parseCompareState,
  settings: ({ settings }) => settings,
  share: ({ rows, pairs }, shard) =>
    shardOf(pairs, shard).flatMap((pair) => rows.map((row) => placeKey({ row, ...pair }))),
  done: ({ measurements }) => measurements.map(placeKey),
};

/**
 * One comparison out of all its shards: what a run without shards gives, but for the times.
 *
 * @throws WebDiTError as `readShards`, and `bad-argument` when a row meant another policy in one shard than in another.
 */
export function mergeComparisons(files: readonly SavedFile[]): {
  readonly rows: readonly CompareSummary[];
  readonly state: CompareState;
} {
  const shards = readShards(files, format);
  const meanings = new Map<string, Found>();
  for (const { path, state } of shards) {
    for (const measurement of state.measurements) {
      const known = meanings.get(measurement.row);
      if (known) checkMeaning(known, { path, measurement });
      else meanings.set(measurement.row, { path, measurement });
    }
  }
  const [{ plan, state }] = shards;
  const measurements = shards.flatMap((shard) => shard.state.measurements);
  const merged = inPlanOrder({ ...state, measurements }, plan);
  return { rows: summarize(merged, plan.rows), state: merged };
}

interface Found {
  readonly path: string;
  readonly measurement: Measurement;
}

function checkMeaning(a: Found, b: Found): void {
  const [left, right] = [meaning(a.measurement), meaning(b.measurement)];
  if (left === right) return;
  throw new WebDiTError(
    'bad-argument',
    `"${a.measurement.row}" means ${left} in ${a.path}, but ${right} in ${b.path}.`,
    'Run all shards with the same model folder and the same version.',
  );
}

function meaning({ policy, steps, sampler }: Measurement): string {
  return `${policy}, ${steps} steps${sampler === undefined ? '' : ` of ${sampler}`}`;
}
