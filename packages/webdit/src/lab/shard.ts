import { WebDiTError } from '@webdit/core';
import { differingField } from './difference.ts';

/** One of `count` parts of a work. `index` counts from 0. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/** What a shard's file says besides what it has done. */
export interface ShardHeader<Plan> {
  readonly shard: Shard;
  /** The work of all shards together. */
  readonly plan: Plan;
}

/** `0/4`, as `--shard` takes it. */
export function printShard({ index, count }: Shard): string {
  return `${index}/${count}`;
}

/** @throws WebDiTError `bad-argument` unless the text is `i/n` with i from 0 to n - 1. */
export function parseShard(text: string): Shard {
  const [, index, count] = /^(\d{1,6})\/(\d{1,6})$/.exec(text)?.map(Number) ?? [];
  if (index !== undefined && count !== undefined && index < count) return { index, count };
  throw new WebDiTError(
    'bad-argument',
    `There is no shard "${text}".`,
    'Pass i/n with i from 0 to n - 1, such as 0/4, the first of four.',
  );
}

/**
 * A shard's part of a list: the items whose place modulo `count` is `index`, so that parts differ by one item at most. It depends
 * on nothing else, so any machine can do it, and do it again.
 *
 * @throws WebDiTError `bad-argument` when there are more shards than items.
 */
export function shardOf<T>(items: readonly T[], { index, count }: Shard): T[] {
  checkShardCount(count, items.length);
  return items.filter((_, place) => place % count === index);
}

/** @throws WebDiTError `bad-argument` when there are more shards than items: some would have nothing to do. */
export function checkShardCount(count: number, items: number): void {
  if (count <= items) return;
  throw new WebDiTError(
    'bad-argument',
    `There are ${count} shards, but only ${items} pairs or candidates to share out.`,
    `Use at most ${items} shards.`,
  );
}

/**
 * Takes a shard's header off what it has saved; undefined for what was made without shards.
 *
 * @throws WebDiTError `format` for a header that no shard wrote.
 */
export function splitShard(
  json: unknown,
  path: string,
): { readonly header: ShardHeader<unknown> | undefined; readonly rest: unknown } {
  if (typeof json !== 'object' || json === null || !('shard' in json)) return { header: undefined, rest: json };
  const { shard, plan, ...rest } = json as { readonly shard: unknown; readonly plan?: unknown };
  if (!isShard(shard) || plan === undefined) throw badHeader(path);
  return { header: { shard: { index: shard.index, count: shard.count }, plan }, rest };
}

/** A list out of a shard's plan. @throws WebDiTError `format`. */
export function planList(plan: unknown, name: string, path: string): readonly unknown[] {
  const list = (plan as Readonly<Record<string, unknown>> | null)?.[name];
  if (Array.isArray(list) && list.length > 0) return list;
  throw badHeader(path);
}

/** @throws WebDiTError `bad-argument` when a saved file is another shard's than the one that wants to go on from it. */
export function checkSameShard(saved: Shard | undefined, wanted: Shard | undefined, path: string): void {
  const [before, now] = [saved, wanted].map((shard) => (shard ? `shard ${printShard(shard)}` : 'a run without shards'));
  if (before === now) return;
  throw new WebDiTError(
    'bad-argument',
    `${path} is of ${before}, this is ${now}.`,
    'Resume each shard from its own file, or start afresh; webdit merge makes one file of all.',
  );
}

/** @throws WebDiTError `bad-argument` when a shard was begun with another plan: its part would be another. */
export function checkSamePlan(saved: unknown, wanted: unknown, path: string): void {
  const other = differingField(saved, wanted);
  if (other === undefined) return;
  throw new WebDiTError(
    'bad-argument',
    `${path} was begun with other ${other}.`,
    'Resume a shard with what it was started with, or start afresh.',
  );
}

function isShard(value: unknown): value is Shard {
  const { index, count } = (value ?? {}) as Partial<Shard>;
  return Number.isInteger(index) && Number.isInteger(count) && 0 <= Number(index) && Number(index) < Number(count);
}

function badHeader(path: string): WebDiTError {
  return new WebDiTError('format', `${path} does not say what shard of what plan it is.`, 'Make it anew with --shard.');
}
