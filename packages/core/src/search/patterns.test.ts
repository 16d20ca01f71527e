import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countSteps, isMonotone, segmentLengths } from '../schedule/pattern.ts';
import { countPatterns, enumeratePatterns, type PatternSpace, samplePatterns } from './patterns.ts';

const space = (steps: number, budget: number, reuseMin: number, reuseMax: number): PatternSpace => ({
  steps,
  budget,
  reuseMin,
  reuseMax,
});
const headline = space(50, 17, 1, 3);

describe('sizes of the search space', () => {
  it.each([
    [50, 17, 1, 3, 9],
    [50, 17, 1, 4, 30],
    [50, 13, 1, 4, 25],
    [50, 11, 2, 5, 21],
    [50, 20, 1, 3, 6],
    [50, 20, 1, 4, 14],
    [50, 9, 4, 5, 1],
    [50, 9, 3, 6, 15],
    [50, 9, 2, 6, 32],
    [20, 7, 1, 2, 1],
    [20, 7, 1, 3, 4],
    [20, 8, 1, 3, 3],
    [20, 9, 1, 2, 1],
    [20, 10, 1, 2, 1],
  ])('%i steps, budget %i, %i to %i reused: %i patterns', (steps, budget, min, max, count) => {
    const row = space(steps, budget, min, max);
    expect(countPatterns(row)).toBe(BigInt(count));
    expect(new Set(enumeratePatterns(row)).size).toBe(count);
  });

  it('the nine of the headline are a segments of 4, 16 - 2a of 3, 1 + a of 2, the steepest first', () => {
    const lengths = (a: number) => [...Array(a).fill(4), ...Array(16 - 2 * a).fill(3), ...Array(1 + a).fill(2)];
    expect(enumeratePatterns(headline).map(segmentLengths)).toEqual([8, 7, 6, 5, 4, 3, 2, 1, 0].map(lengths));
  });

  it('the unique ones are the released FLUX and PixArt patterns', () => {
    const flux = `${'100000'.repeat(5)}${'10000'.repeat(4)}`;
    expect(enumeratePatterns(space(50, 9, 4, 5))).toEqual([flux]);
    expect(enumeratePatterns(space(20, 7, 1, 2))).toEqual([`${'100'.repeat(6)}10`]);
    expect(enumeratePatterns(space(20, 10, 1, 2))).toEqual(['10'.repeat(10)]);
  });
});

const anySpace = fc
  .record({
    steps: fc.integer({ min: 1, max: 40 }),
    budget: fc.integer({ min: 1, max: 20 }),
    reuseMin: fc.integer({ min: 0, max: 4 }),
    range: fc.integer({ min: 0, max: 6 }),
  })
  .map(({ range, ...rest }) => ({ ...rest, reuseMax: rest.reuseMin + range }));

/** Partitions counted the slow way, without a table. */
function slowCount({ steps, budget, reuseMin, reuseMax }: PatternSpace): number {
  const count = (parts: number, largest: number, sum: number): number => {
    if (parts === 0) return sum === 0 ? 1 : 0;
    let total = 0;
    for (let part = reuseMin + 1; part <= Math.min(largest, sum); part++) total += count(parts - 1, part, sum - part);
    return total;
  };
  return count(budget, reuseMax + 1, steps);
}

describe('countPatterns and enumeratePatterns', () => {
  it('agree with each other and with counting by hand, and meet every constraint', () => {
    fc.assert(
      fc.property(anySpace, (some) => {
        const count = countPatterns(some);
        expect(count).toBe(BigInt(slowCount(some)));
        if (count === 0n) {
          expect(() => enumeratePatterns(some)).toThrow(expect.objectContaining({ code: 'bad-argument' }));
          return;
        }
        const patterns = enumeratePatterns(some);
        expect(new Set(patterns).size).toBe(Number(count));
        for (const pattern of patterns) {
          expect(pattern).toMatch(/^1[01]*$/);
          expect(pattern).toHaveLength(some.steps);
          expect(countSteps(pattern).full).toBe(some.budget);
          expect(isMonotone(pattern)).toBe(true);
          const lengths = segmentLengths(pattern);
          expect(Math.min(...lengths)).toBeGreaterThanOrEqual(some.reuseMin + 1);
          expect(Math.max(...lengths)).toBeLessThanOrEqual(some.reuseMax + 1);
        }
      }),
    );
  });

  it('counts spaces that nobody could list', () => {
    // every partition of 100: 190569292
    expect(countPatterns(space(200, 100, 0, 999))).toBe(190569292n);
    expect(countPatterns(space(1000, 100, 0, 30)) > 10n ** 12n).toBe(true);
    expect(() => enumeratePatterns(space(200, 100, 0, 999))).toThrow(
      expect.objectContaining({ code: 'bad-argument', message: expect.stringMatching(/190569292/) }),
    );
  });

  it('says which budgets there are when there is no pattern', () => {
    expect(() => enumeratePatterns(space(50, 30, 1, 3))).toThrow(
      expect.objectContaining({ code: 'bad-argument', remedy: 'Use a budget from 13 to 25, or another range.' }),
    );
    expect(() => enumeratePatterns(space(7, 1, 4, 4))).toThrow(
      expect.objectContaining({ remedy: 'Widen the range of reused steps.' }),
    );
  });

  it.each([
    space(0, 1, 1, 3),
    space(50, 0, 1, 3),
    space(50, 17, -1, 3),
    space(50, 17, 3, 1),
    space(50, 17.5, 1, 3),
    space(1001, 17, 1, 3),
    space(50, 17, 1, Number.POSITIVE_INFINITY),
  ])('refuses %o', (bad) => {
    expect(() => countPatterns(bad)).toThrow(expect.objectContaining({ code: 'bad-argument' }));
  });
});

describe('samplePatterns', () => {
  it('draws different patterns of the space in its order, the same ones for a seed', () => {
    const wide = space(50, 17, 0, 6);
    const all = enumeratePatterns(wide);
    const drawn = samplePatterns(wide, 20, 7);
    expect(all.length).toBeGreaterThan(20);
    expect(all.filter((pattern) => drawn.includes(pattern))).toEqual(drawn);
    expect(drawn).toHaveLength(20);
    expect(samplePatterns(wide, 20, 7)).toEqual(drawn);
    expect(samplePatterns(wide, 20, 8)).not.toEqual(drawn);
  });

  it('gives all there are when asked for more, and all but one when asked for that', () => {
    expect(samplePatterns(headline, 100, 0)).toEqual(enumeratePatterns(headline));
    const most = samplePatterns(headline, 8, 0);
    expect(enumeratePatterns(headline).filter((pattern) => !most.includes(pattern))).toHaveLength(1);
  });

  it('is uniform: every pattern as likely as any other', () => {
    const all = enumeratePatterns(headline);
    const hits = new Map(all.map((pattern) => [pattern, 0]));
    const draws = 3000;
    for (let seed = 0; seed < draws; seed++) {
      for (const pattern of samplePatterns(headline, 3, seed)) hits.set(pattern, (hits.get(pattern) ?? 0) + 1);
    }
    // each of 9 is in a third of the draws; standard deviation sqrt(3000 * 2/9) = 26
    for (const [pattern, count] of hits) expect(Math.abs(count - draws / 3), pattern).toBeLessThan(4.5 * 26);
  });

  it('samples a space that nobody could list', () => {
    const wide = space(250, 80, 0, 12);
    const drawn = samplePatterns(wide, 50, 1);
    expect(new Set(drawn).size).toBe(50);
    for (const pattern of drawn) {
      expect([pattern.length, countSteps(pattern).full, isMonotone(pattern)]).toEqual([250, 80, true]);
    }
  });

  it.each([
    [0, 0],
    [1.5, 0],
    [3, -1],
    [3, 2 ** 32],
  ])('refuses %s patterns of seed %s', (count, seed) => {
    expect(() => samplePatterns(headline, count, seed)).toThrow(expect.objectContaining({ code: 'bad-argument' }));
  });

  it('refuses a space too large to count part by part', () => {
    expect(() => samplePatterns(space(1000, 250, 0, 200), 5, 0)).toThrow(
      expect.objectContaining({ code: 'bad-argument', remedy: 'Narrow the range of reused steps.' }),
    );
  });
});
