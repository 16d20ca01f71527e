import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { enumeratePatterns } from '../search/patterns.ts';
import { brokenConstraints } from './constraints.ts';
import { injectSelective } from './pattern.ts';

const limits = { budget: 17, reuseMin: 1, reuseMax: 3 };
const broken = (pattern: string, more = {}) => brokenConstraints(pattern, { ...limits, ...more });

describe('brokenConstraints', () => {
  it('finds nothing to say about what the search makes, plain or injected', () => {
    for (const pattern of enumeratePatterns({ steps: 50, ...limits })) {
      expect([...broken(pattern), ...broken(injectSelective(pattern))]).toEqual([]);
    }
  });

  it('counts full steps against the budget', () => {
    expect(broken('1010100', { budget: 2 })).toEqual([
      { constraint: 'budget', steps: [0, 2, 4], sentence: 'The budget is 2 full steps, and the pattern has 3.' },
      {
        constraint: 'monotone',
        steps: [4, 5, 6],
        sentence: 'Reuse grows from 1 step to 2; the paper lets it only shrink towards the end.',
      },
    ]);
  });

  it('names the first growth of reuse, and how many there are', () => {
    expect(broken('1010010100', { reuseMax: 9 })).toEqual([
      {
        constraint: 'monotone',
        steps: [2, 3, 4, 7, 8, 9],
        sentence:
          'Reuse grows from 1 step to 2, and grows 2 times in all; the paper lets it only shrink towards the end.',
      },
    ]);
  });

  it('holds the last run of reused steps to the range too', () => {
    expect(broken('100001001')).toEqual([
      {
        constraint: 'range',
        steps: [0, 1, 2, 3, 4, 8],
        sentence: 'The range is 1 to 3 reused after a full step, and one has 4, and 1 more leave the range.',
      },
    ]);
  });

  it('wants selective steps in every second place or nowhere', () => {
    expect(broken('1020102')).toEqual([]);
    expect(broken('1200100')).toEqual([
      {
        constraint: 'injection',
        steps: [1, 2, 6],
        sentence: 'The paper makes every second step of a run of reused ones selective; 3 steps are otherwise.',
      },
    ]);
  });

  it('says each thing once, about steps of the pattern, and never of one without a rule to break', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^1[012]{0,60}$/), (pattern) => {
        const found = broken(pattern);
        expect(new Set(found.map(({ constraint }) => constraint)).size).toBe(found.length);
        for (const { steps } of found) {
          expect(steps.length).toBeGreaterThan(0);
          for (const n of steps) expect(pattern[n]).toBeDefined();
        }
        expect(brokenConstraints('1'.repeat(pattern.length), { budget: 61, reuseMin: 0, reuseMax: 0 })).toEqual([]);
      }),
    );
  });

  it('refuses what is no pattern', () => {
    expect(() => broken('010')).toThrow(expect.objectContaining({ code: 'bad-argument' }));
  });
});
