import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Mt19937 } from '../rng/mt19937.ts';
import { localSearch, movedPattern } from './local-search.ts';
import type { SearchState } from './search.ts';

const wanted = '1001100001000100000100000100000010000001';
/** How far the full steps are from where they should be, in all. */
const score = (pattern: string) => {
  const places = (text: string) => [...text].flatMap((digit, n) => (digit === '1' ? [n] : []));
  return places(pattern).reduce((sum, n, i) => sum + Math.abs(n - (places(wanted)[i] as number)), 0);
};
const start = `${'1'.repeat(9)}${'0'.repeat(31)}`;
const options = { start: [start, `${'10'.repeat(9)}${'0'.repeat(22)}`], evaluations: 300, seed: 3, score, key: 'k' };

it('finds where full steps belong, and never scores a pattern twice', async () => {
  const scored: string[] = [];
  const { ranked } = await localSearch({ ...options, score: (pattern) => scored.push(pattern) && score(pattern) });
  expect(score(start)).toBeGreaterThan(80);
  expect(ranked[0]?.score).toBeLessThan(4);
  expect(new Set(scored).size).toBe(scored.length);
  expect(scored.length).toBe(300);
});

it('goes on from a saved state to the same end, scoring only what is left', async () => {
  const whole = await localSearch(options);
  let saved: SearchState | undefined;
  await expect(
    localSearch({
      ...options,
      onProgress: ({ done, total, state }) => {
        expect(total).toBe(300);
        if (done === 50) saved = state;
        if (done === 51) throw new Error('stopped');
      },
    }),
  ).rejects.toThrow('stopped');
  let scored = 0;
  const rest = await localSearch({ ...options, state: saved, score: (pattern) => ++scored && score(pattern) });
  expect(rest).toEqual(whole);
  expect(scored).toBe(250);
});

it('ends where there is nowhere to go', async () => {
  const { ranked } = await localSearch({ ...options, start: ['11'], evaluations: 9 });
  expect(ranked).toHaveLength(1);
});

it('keeps the first step full and as many as there were', () => {
  const patterns = fc.array(fc.boolean(), { maxLength: 60 }).map((rest) => `1${rest.map(Number).join('')}`);
  fc.assert(
    fc.property(patterns, fc.nat(), (pattern, seed) => {
      const moved = movedPattern(pattern, new Mt19937(seed));
      expect(moved).toMatch(/^1[01]*$/);
      expect(moved).toHaveLength(pattern.length);
      expect(moved.replaceAll('0', '')).toBe(pattern.replaceAll('0', ''));
    }),
  );
});
