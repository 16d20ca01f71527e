import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkPattern,
  countSteps,
  injectSelective,
  isMonotone,
  parseRuns,
  parseSegments,
  patternOfSegments,
  printSegments,
  removeSelective,
  reversePattern,
  segmentLengths,
} from './pattern.ts';

/** Any pattern: a full step, then what comes. */
const anyPattern = fc.stringMatching(/^1[012]{0,60}$/);

describe('patterns', () => {
  it.each([
    ['10', '10'],
    ['100', '102'],
    ['1000', '1020'],
    ['10000', '10202'],
    ['1111', '1111'],
    ['100010', '102010'],
  ])('injects %s as %s', (plain, injected) => {
    expect(injectSelective(plain)).toBe(injected);
  });

  it('writes the released pattern as its segments, and back', () => {
    const released = '10201020102010201020102010210210210210101010101010';
    expect(printSegments(segmentLengths(released))).toBe('4x6.3x4.2x7');
    expect(injectSelective(patternOfSegments(parseSegments('4x6.3x4.2x7')))).toBe(released);
    expect(countSteps(released)).toEqual({ full: 17, reuse: 23, selective: 10 });
    expect(isMonotone(released)).toBe(true);
    expect(isMonotone(`11${released}`)).toBe(false);
  });

  it.each([
    ['1', '1'],
    ['1020', '1201'],
    ['10210210210210210210', '11201201201201201201'],
  ])('reads %s backwards as %s', (pattern, reversed) => {
    expect(reversePattern(pattern)).toBe(reversed);
  });

  it.each(['', '0', '2010', '10a', '1 0', '13'])('refuses "%s"', (pattern) => {
    expect(() => checkPattern(pattern)).toThrow(expect.objectContaining({ code: 'bad-argument' }));
  });

  it.each(['', '4', '4x', 'x4', '0x4', '4x0', '4x6,3x4', '4x6.', '04x1', '501x2', '1x1001', `${'9'.repeat(400)}x1`])(
    'refuses the segments "%s"',
    (text) => {
      expect(() => parseSegments(text)).toThrow(expect.objectContaining({ code: 'bad-argument' }));
    },
  );

  it('reads no more items than it may', () => {
    expect(parseRuns('10x2.1x1', 3)).toEqual(['10', '10', '1']);
    expect(parseRuns('10x2.1x2', 3)).toBeNull();
  });

  it('injects every second zero of a run and nothing else', () => {
    fc.assert(
      fc.property(anyPattern, (pattern) => {
        const plain = removeSelective(pattern);
        const injected = injectSelective(pattern);
        let zeros = 0;
        for (const [n, digit] of [...plain].entries()) {
          zeros = digit === '1' ? 0 : zeros + 1;
          expect(injected[n]).toBe(digit === '1' ? '1' : zeros % 2 === 0 ? '2' : '0');
        }
        expect(injectSelective(injected)).toBe(injected);
      }),
    );
  });

  it('segments add up to the steps and rebuild the pattern', () => {
    fc.assert(
      fc.property(anyPattern, (pattern) => {
        const lengths = segmentLengths(pattern);
        expect(lengths.reduce((a, b) => a + b, 0)).toBe(pattern.length);
        expect(lengths).toHaveLength(countSteps(pattern).full);
        expect(patternOfSegments(parseSegments(printSegments(lengths)))).toBe(removeSelective(pattern));
      }),
    );
  });
});
