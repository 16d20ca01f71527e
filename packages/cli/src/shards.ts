import { checkSameShard, parseShard, type Shard, splitShard } from 'webdit/node';
import { badUsage, type CommandLine } from './arguments.ts';
import { readSaved } from './files.ts';

/** What a command saved, and the plan it had when it was a shard. */
export interface SavedShard<State> {
  readonly state: State;
  readonly plan: unknown;
}

/**
 * `--shard i/n`.
 *
 * @param outputs options of which one must say where the shard's file goes.
 * @throws WebDiTError `bad-argument`.
 */
export function shardOption({ values }: CommandLine, outputs: readonly string[]): Shard | undefined {
  if (values.shard === undefined) return undefined;
  const shard = parseShard(values.shard);
  if (outputs.some((name) => values[name] !== undefined)) return shard;
  throw badUsage('Nothing says where the shard goes.', `Add --${outputs.join(' FILE or --')} FILE.`);
}

/** `readSaved`, for the file of this shard only, or of none. */
export function readSavedShard<State>(
  path: string | undefined,
  shard: Shard | undefined,
  parse: (json: unknown, path: string) => State,
): Promise<SavedShard<State> | undefined> {
  return readSaved(path, (json, path) => {
    const { header, rest } = splitShard(json, path);
    const state = parse(rest, path);
    checkSameShard(header?.shard, shard, path);
    return { state, plan: header?.plan };
  });
}
