import { describe, expect, test } from 'vitest';
import { pickVariant, raceVariants } from './race.ts';

/** Times that never change, and what was timed. */
function clock(seconds: Record<string, number>, samples = Number.POSITIVE_INFINITY) {
  const timed: string[] = [];
  return {
    timed,
    time: async (name: string, share: number) => {
      timed.push(share < 1 ? `${name}?` : name);
      return seconds[name] as number;
    },
    timeLeft: () => timed.length < samples,
  };
}

describe('raceVariants', () => {
  test('takes turns, another one first each round, and times no further what is far behind', async () => {
    const { timed, time, timeLeft } = clock({ a: 1, b: 1.4, c: 1.6 });
    expect(await raceVariants(['a', 'b', 'c'], 'b', time, timeLeft)).toEqual(new Map(Object.entries({ a: 1, b: 1.4 })));
    expect(timed.join(' ')).toBe('a? b? c? a b b a a b');
  });

  test('gives the median, so that one slow spell decides nothing', async () => {
    const samples = { a: [9, 1, 1, 9], b: [8, 2, 2, 2] };
    const time = async (name: string) => samples[name as 'a' | 'b'].shift() as number;
    const seconds = await raceVariants(['a', 'b'], 'b', time, () => true);
    expect(Object.fromEntries(seconds ?? [])).toEqual({ a: 1, b: 2 });
  });

  test('keeps the incumbent in, however slow, and is done when nobody else is near', async () => {
    const slow = clock({ a: 1, b: 9 });
    expect((await raceVariants(['a', 'b'], 'b', slow.time, slow.timeLeft))?.get('b')).toBe(9);
    const fast = clock({ a: 9, b: 1 });
    expect([...((await raceVariants(['a', 'b'], 'b', fast.time, fast.timeLeft)) ?? [])]).toEqual([['b', 1]]);
    expect(fast.timed).toEqual(['a?', 'b?']);
  });

  test.each([0, 1, 2, 5, 7])('decides nothing when time runs out after %i samples', async (samples) => {
    const { timed, time, timeLeft } = clock({ a: 1, b: 1 }, samples);
    expect(await raceVariants(['a', 'b'], 'b', time, timeLeft)).toBeUndefined();
    expect(timed).toHaveLength(samples);
  });
});

describe('pickVariant', () => {
  const pick = (seconds: Record<string, number>) => pickVariant(new Map(Object.entries(seconds)), 'old');

  test('a challenger must win by 5 %', () => {
    expect(pick({ old: 100, new: 96 })).toBe('old');
    expect(pick({ old: 100, new: 95 })).toBe('new');
    expect(pick({ old: 100, new: 60, newer: 50 })).toBe('newer');
    expect(pick({ old: 100, new: 101 })).toBe('old');
  });

  test('without the incumbent, which may not run here, the fastest wins', () => {
    expect(pick({ a: 3, b: 2 })).toBe('b');
  });
});
