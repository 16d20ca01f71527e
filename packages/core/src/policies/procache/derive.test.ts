import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countSteps, injectSelective, isMonotone, printSegments, segmentLengths } from '../../schedule/pattern.ts';
import { defaultBudget, derivePattern } from './derive.ts';

describe('derivePattern', () => {
  it('is the released pattern at 17 of 50', () => {
    expect(defaultBudget(50)).toBe(17);
    expect(derivePattern(50, 17)).toBe('10201020102010201020102010210210210210101010101010');
  });

  it('is the pattern released for PixArt at 7 of 20', () => {
    expect(defaultBudget(20)).toBe(7);
    expect(derivePattern(20, 7, 'pixart')).toBe('10210210210210210210');
    expect(printSegments(segmentLengths(derivePattern(50, 17, 'pixart')))).toBe('3x16.2x1');
  });

  it.each([
    [1, 1, '1'],
    [2, 1, '10'],
    [3, 1, '102'],
    [4, 1, '1020'],
    [5, 2, '10210'],
    [20, 7, '10201020102102101010'],
  ])('%i steps have %i full ones: %s', (steps, budget, pattern) => {
    expect(defaultBudget(steps)).toBe(budget);
    expect(derivePattern(steps, budget)).toBe(pattern);
  });

  it.each([
    [50, 50, '1x50'],
    [50, 25, '3x9.2x7.1x9'],
    [50, 13, '5x4.4x3.3x6'],
    [50, 11, '6x2.5x2.4x7'],
    [50, 1, '50x1'],
  ])('%i steps at budget %i have the segments %s', (steps, budget, segments) => {
    expect(printSegments(segmentLengths(derivePattern(steps, budget)))).toBe(segments);
  });

  it.each(['dit', 'pixart'] as const)(
    'reuses 1 to 3 steps at the default budget, for every number of steps: %s',
    (kind) => {
      for (let steps = 2; steps <= 1000; steps++) {
        const lengths = segmentLengths(derivePattern(steps, defaultBudget(steps), kind));
        expect(Math.min(...lengths), `${steps} steps`).toBeGreaterThanOrEqual(2);
        expect(Math.max(...lengths), `${steps} steps`).toBeLessThanOrEqual(4);
      }
    },
  );

  it('meets steps, budget and monotonicity for all of them', () => {
    const any = fc
      .integer({ min: 1, max: 1000 })
      .chain((t) => fc.tuple(fc.constant(t), fc.integer({ min: 1, max: t })));
    fc.assert(
      fc.property(any, fc.constantFrom('dit', 'pixart'), ([steps, budget], kind) => {
        const pattern = derivePattern(steps, budget, kind);
        expect(pattern).toHaveLength(steps);
        expect(countSteps(pattern).full).toBe(budget);
        expect(isMonotone(pattern)).toBe(true);
        expect(injectSelective(pattern)).toBe(pattern);
      }),
    );
  });

  it.each([0, 51, 1.5, Number.NaN])('refuses a budget of %s', (budget) => {
    expect(() => derivePattern(50, budget)).toThrow(expect.objectContaining({ code: 'bad-argument' }));
  });
});
