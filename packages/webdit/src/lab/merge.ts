import { WebDiTError } from '@webdit/core';
import { differingField } from './difference.ts';
import { printShard, type Shard, type ShardHeader, splitShard } from './shard.ts';

/** A file as it was read. */
export interface SavedFile {
  /** Names the file in errors. */
  readonly path: string;
  readonly json: unknown;
}

/** A shard's file. */
export interface ShardFile<Plan, State> extends ShardHeader<Plan> {
  readonly path: string;
  readonly state: State;
}

/** How files of one format are read and compared. */
export interface ShardFormat<Plan, State> {
  parsePlan(plan: unknown, path: string): Plan;
  parseState(json: unknown, path: string): State;
  /** What all shards must have in common, by name. */
  settings(state: State): object;
  /** What a shard has to do, as keys, each of which `done` gives once when it is done. */
  share(plan: Plan, shard: Shard): readonly string[];
  done(state: State): readonly string[];
}

/**
 * The shards' files in the order of their index, after every check: one for each index, made with the same settings and the
 * same plan, each complete, and with nothing but its own share.
 *
 * @throws WebDiTError `format` for what is no shard's file; `bad-argument` for shards that do not belong together, of which
 *   some overlap or are missing, or that are not finished. The message names the files.
 */
export function readShards<Plan, State>(
  files: readonly SavedFile[],
  format: ShardFormat<Plan, State>,
): [ShardFile<Plan, State>, ...ShardFile<Plan, State>[]] {
  const shards = files.map((file) => readShard(file, format));
  const [first, ...others] = shards;
  if (first === undefined) throw mismatch('There is nothing to merge.', 'Pass the files of all shards.');
  for (const other of others) checkSameWork(first, other, format);
  shards.sort((a, b) => a.shard.index - b.shard.index);
  for (const [i, { path, shard }] of shards.entries()) {
    const next = shards[i + 1];
    if (next?.shard.index === shard.index) {
      throw mismatch(`${path} and ${next.path} are both shard ${printShard(shard)}.`, 'Pass one file for each shard.');
    }
  }
  checkNoneMissing(first.shard.count, shards);
  for (const shard of shards) checkComplete(shard, format);
  return shards as [ShardFile<Plan, State>, ...ShardFile<Plan, State>[]];
}

function readShard<Plan, State>({ path, json }: SavedFile, format: ShardFormat<Plan, State>): ShardFile<Plan, State> {
  const { header, rest } = splitShard(json, path);
  const state = format.parseState(rest, path);
  if (header) return { path, shard: header.shard, plan: format.parsePlan(header.plan, path), state };
  throw new WebDiTError(
    'format',
    `${path} is no shard: it was made without --shard.`,
    'Pass the files of shards only.',
  );
}

type AnyShard = ShardFile<unknown, unknown>;

function checkSameWork<Plan, State>(
  first: ShardFile<Plan, State>,
  other: ShardFile<Plan, State>,
  format: ShardFormat<Plan, State>,
): void {
  const remedy = 'Merge only shards of one command, run with the same options.';
  if (first.shard.count !== other.shard.count) {
    const [a, b] = [first, other].map(({ path, shard }) => `${path} is shard ${printShard(shard)}`);
    throw mismatch(`${a}, but ${b}.`, remedy);
  }
  const [ours, theirs] = [first, other].map(({ state }) => format.settings(state)) as Readonly<
    Record<string, unknown>
  >[];
  const setting = differingField(ours, theirs);
  if (setting !== undefined) {
    const [a, b] = [ours, theirs].map((settings) => JSON.stringify(settings?.[setting]) ?? 'none');
    throw mismatch(`${first.path} has ${setting} ${a}, but ${other.path} has ${b}.`, remedy);
  }
  const part = differingField(first.plan, other.plan);
  if (part !== undefined)
    throw mismatch(`${first.path} and ${other.path} were planned with different ${part}.`, remedy);
}

function checkNoneMissing(count: number, shards: readonly AnyShard[]): void {
  const present = new Set(shards.map(({ shard }) => shard.index));
  const missing = Array.from({ length: count }, (_, index) => index).filter((index) => !present.has(index));
  if (missing.length === 0) return;
  const names = missing.map((index) => printShard({ index, count }));
  throw mismatch(
    `Shard${names.length > 1 ? 's' : ''} ${names.join(', ')} ${names.length > 1 ? 'are' : 'is'} missing.`,
    `Run the command of the other shards with ${names.map((name) => `--shard ${name}`).join(', then ')} and a file of its own, then merge again.`,
  );
}

function checkComplete<Plan, State>(file: ShardFile<Plan, State>, format: ShardFormat<Plan, State>): void {
  const { path, shard, plan, state } = file;
  const share = new Set(format.share(plan, shard));
  const seen = new Set<string>();
  for (const key of format.done(state)) {
    if (!share.has(key)) throw mismatch(`${path} holds ${key}, which is not its share.`, 'Make this shard anew.');
    if (seen.has(key)) throw mismatch(`${path} holds ${key} twice.`, 'Make this shard anew.');
    seen.add(key);
  }
  if (seen.size === share.size) return;
  throw mismatch(
    `${path}, shard ${printShard(shard)}, has measured ${seen.size} of ${share.size}.`,
    `Run its command again, with --shard ${printShard(shard)} --resume ${path}, then merge again.`,
  );
}

function mismatch(message: string, remedy: string): WebDiTError {
  return new WebDiTError('bad-argument', message, remedy);
}
