import { median } from '@webdit/core';
import { inTurn } from '../turns.ts';

/** Share by which a variant must be faster than the one it replaces, so that noise flips none. */
export const margin = 0.05;
/** Variants this much slower than the fastest at first sight are timed no further. */
const hopeless = 1.5;
/** Part of a sample that first sight takes: a variant may be very slow at some size. */
const firstLook = 0.25;
const rounds = 3;

/**
 * Times variants in turns, so that a slow spell of the machine hits all alike.
 * @param time seconds of one execution, from a part of a usual sample.
 * @param timeLeft asked before every sample; when it says no, nothing is decided.
 * @returns median seconds of those that had a chance, the incumbent always among them; undefined when time ran out.
 */
export async function raceVariants(
  names: readonly string[],
  incumbent: string,
  time: (name: string, share: number) => Promise<number>,
  timeLeft: () => boolean,
): Promise<ReadonlyMap<string, number> | undefined> {
  const first = new Map<string, number>();
  for (const name of names) {
    if (!timeLeft()) return undefined;
    first.set(name, await time(name, firstLook));
  }
  const limit = hopeless * Math.min(...first.values());
  const samples = new Map<string, number[]>();
  for (const [name, seconds] of first) if (seconds <= limit || name === incumbent) samples.set(name, []);
  if (samples.size > 1) {
    for (let round = 0; round < rounds; round++) {
      for (const name of inTurn([...samples.keys()], round)) {
        if (!timeLeft()) return undefined;
        samples.get(name)?.push(await time(name, 1));
      }
    }
  }
  return new Map(
    [...samples].map(([name, list]) => [name, list.length > 0 ? median(list) : (first.get(name) as number)]),
  );
}

/** The fastest variant if it beats the incumbent by the margin, else the incumbent; the fastest where that one may not run. */
export function pickVariant(seconds: ReadonlyMap<string, number>, incumbent: string): string {
  const [best] = [...seconds].sort((a, b) => a[1] - b[1]);
  if (!best) throw new RangeError('Nothing to choose from');
  const standing = seconds.get(incumbent);
  return standing !== undefined && best[1] > standing * (1 - margin) ? incumbent : best[0];
}
