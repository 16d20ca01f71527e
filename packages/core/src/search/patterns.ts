import { WebDiTError } from '../errors.ts';
import { Mt19937 } from '../rng/mt19937.ts';
import { maxSteps } from '../samplers/timesteps.ts';
import { patternOfSegments } from '../schedule/pattern.ts';

/**
 * The patterns a search may choose from: exactly `budget` full steps of `steps`, `reuseMin` to `reuseMax` reused after each, the
 * last included, and never more than after the one before. As segments these are the partitions of `steps` into `budget` parts
 * of `reuseMin + 1` to `reuseMax + 1`. docs/procache.md 1.
 */
export interface PatternSpace {
  readonly steps: number;
  /** Full steps. */
  readonly budget: number;
  readonly reuseMin: number;
  readonly reuseMax: number;
}

/** More patterns than this are not listed, only sampled. */
const mostListed = 1_000_000;
/** Largest table of counts that sampling may build. */
const mostCounts = 4_000_000;

/**
 * How many patterns the space holds, exactly, without listing them. 0 for a space that holds none.
 *
 * @throws WebDiTError `bad-argument` for numbers that are no space.
 */
export function countPatterns(space: PatternSpace): bigint {
  const { parts, largest, sum } = excess(space);
  if (sum < 0) return 0n;
  // ways[p][s]: partitions of s into at most p parts of sizes seen so far
  const ways = firstLayer(parts, sum);
  for (let size = 1; size <= Math.min(largest, sum); size++) addSize(ways, size);
  return ways[parts]?.[sum] ?? 0n;
}

/**
 * Every pattern of the space, without selective steps, the steepest first: longer segments before shorter ones.
 *
 * @throws WebDiTError `bad-argument` for a space that holds none, or more than a million.
 */
export function enumeratePatterns(space: PatternSpace): string[] {
  const count = requirePatterns(space);
  if (count > mostListed) {
    throw new WebDiTError(
      'bad-argument',
      `There are ${count} such patterns, too many to list.`,
      'Narrow the range of reused steps, or sample them.',
    );
  }
  const { parts, largest, sum } = excess(space);
  const patterns: string[] = [];
  const prefix: number[] = [];
  const extend = (parts: number, largest: number, sum: number): void => {
    if (parts === 0) {
      patterns.push(toPattern(space, prefix));
      return;
    }
    // a part must leave a sum that the others, none larger, can make
    for (let part = Math.min(largest, sum); part * parts >= sum; part--) {
      prefix.push(part);
      extend(parts - 1, part, sum - part);
      prefix.pop();
    }
  };
  extend(parts, largest, sum);
  return patterns;
}

/**
 * `count` different patterns, every set of that size equally likely, in the order of `enumeratePatterns`. All of them when there
 * are no more. The same seed draws the same patterns.
 *
 * @throws WebDiTError `bad-argument` for a space that holds none, or is too large to count.
 */
export function samplePatterns(space: PatternSpace, count: number, seed: number): string[] {
  const total = requirePatterns(space);
  if (!Number.isInteger(count) || count < 1) {
    throw new WebDiTError('bad-argument', `Cannot sample ${String(count)} patterns.`, 'Pass a whole number from 1.');
  }
  if (!Number.isInteger(seed) || seed < 0 || seed > 0xffffffff) {
    throw new WebDiTError('bad-argument', `The seed is ${String(seed)}.`, 'Pass a whole number from 0 to 4294967295.');
  }
  if (total <= count) return enumeratePatterns(space);
  const random = new Mt19937(seed);
  // Floyd's algorithm: a uniform subset of the ranks in `count` draws
  const ranks = new Set<bigint>();
  for (let last = total - BigInt(count); last < total; last++) {
    const rank = randomBelow(random, last + 1n);
    ranks.add(ranks.has(rank) ? last : rank);
  }
  const unrank = unranker(space);
  return [...ranks].sort((a, b) => (a < b ? -1 : 1)).map(unrank);
}

/** Rank in the order of `enumeratePatterns` -> pattern. */
function unranker(space: PatternSpace): (rank: bigint) => string {
  const { parts, largest, sum } = excess(space);
  const sizes = Math.min(largest, sum);
  if ((sizes + 1) * (parts + 1) * (sum + 1) > mostCounts) {
    throw new WebDiTError(
      'bad-argument',
      'The range of reused steps makes too many patterns to sample from.',
      'Narrow the range of reused steps.',
    );
  }
  // layers[size][p][s]: partitions of s into at most p parts of at most `size`
  const layers = [firstLayer(parts, sum)];
  for (let size = 1; size <= sizes; size++) {
    const layer = (layers.at(-1) as bigint[][]).map((row) => [...row]);
    addSize(layer, size);
    layers.push(layer);
  }
  return (rank) => {
    const chosen: number[] = [];
    let part = sizes;
    for (let left = parts, rest = sum; left > 0; left--) {
      // partitions whose largest part is `part` come before those with smaller ones
      for (part = Math.min(part, rest); ; part--) {
        const ways = layers[part]?.[left - 1]?.[rest - part] ?? 0n;
        if (rank < ways) break;
        rank -= ways;
      }
      chosen.push(part);
      rest -= part;
    }
    return toPattern(space, chosen);
  };
}

/** The space as partitions of `sum` into at most `parts` parts of at most `largest`: segments less their least length. */
function excess(space: PatternSpace): { parts: number; largest: number; sum: number } {
  const { steps, budget, reuseMin, reuseMax } = space;
  const whole = Object.entries({ steps, budget, reuseMin, reuseMax }).find(
    ([key, value]) => !Number.isInteger(value) || value < (key.startsWith('reuse') ? 0 : 1) || value > maxSteps,
  );
  if (whole || reuseMin > reuseMax) {
    throw new WebDiTError(
      'bad-argument',
      whole
        ? `The search sets ${whole[0]} to ${String(whole[1])}.`
        : `Reuse cannot go from ${reuseMin} to ${reuseMax}.`,
      `Use whole numbers up to ${maxSteps}, such as 50 steps, a budget of 17 and 1 to 3 reused.`,
    );
  }
  return { parts: budget, largest: reuseMax - reuseMin, sum: steps - (reuseMin + 1) * budget };
}

/**
 * `countPatterns` of a space that has to hold some.
 *
 * @throws WebDiTError `bad-argument`, with the budgets that would do, for a space that holds none.
 */
export function requirePatterns(space: PatternSpace): bigint {
  const count = countPatterns(space);
  if (count > 0n) return count;
  const { steps, budget, reuseMin, reuseMax } = space;
  const least = Math.ceil(steps / (reuseMax + 1));
  const most = Math.floor(steps / (reuseMin + 1));
  throw new WebDiTError(
    'bad-argument',
    `No pattern of ${steps} steps has ${budget} full ones with ${reuseMin} to ${reuseMax} reused after each.`,
    least <= most ? `Use a budget from ${least} to ${most}, or another range.` : 'Widen the range of reused steps.',
  );
}

/** Partitions without any parts: one of 0, none of anything else. */
function firstLayer(parts: number, sum: number): bigint[][] {
  return Array.from({ length: parts + 1 }, () => Array.from({ length: sum + 1 }, (_, s) => (s === 0 ? 1n : 0n)));
}

/** Allows parts of one more size, in place. */
function addSize(ways: bigint[][], size: number): void {
  for (let p = 1; p < ways.length; p++) {
    const row = ways[p] as bigint[];
    const fewer = ways[p - 1] as bigint[];
    for (let s = size; s < row.length; s++) row[s] = (row[s] as bigint) + (fewer[s - size] as bigint);
  }
}

function toPattern(space: PatternSpace, parts: readonly number[]): string {
  return patternOfSegments(parts.map((part) => part + space.reuseMin + 1));
}

/** Uniform from 0 to `bound - 1`. */
function randomBelow(random: Mt19937, bound: bigint): bigint {
  const bits = bound.toString(2).length;
  for (;;) {
    let value = 0n;
    for (let have = 0; have < bits; have += 32) value = (value << 32n) | BigInt(random.next());
    value &= (1n << BigInt(bits)) - 1n;
    if (value < bound) return value;
  }
}
