import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StepCompute } from '../plan.ts';
import { keepWhatIsRead } from './keep-what-is-read.ts';
import { patternSteps } from './pattern-steps.ts';

const kept = (pattern: string, tokens: (n: number) => readonly number[]) =>
  keepWhatIsRead(
    patternSteps(pattern, (n) => ({ mlpTokens: tokens(n) })),
    16,
  );

describe('the steps of a pattern', () => {
  it('stores and scores only what a later step reads', () => {
    const tokens: Record<number, number[]> = { 2: [0, 0, 0], 3: [0, 0, 4], 4: [0, 1, 0], 9: [0, 0, 0] };
    expect(kept('1022211022', (n) => tokens[n] ?? [0, 0, 2])).toEqual<StepCompute[]>([
      { kind: 'full', storesCache: true, scoreLayers: [1, 2] },
      { kind: 'reuse' },
      { kind: 'reuse', mlpTokens: [0, 0, 0] },
      { kind: 'selective', mlpTokens: [0, 0, 4] },
      { kind: 'selective', mlpTokens: [0, 1, 0] },
      { kind: 'full' },
      { kind: 'full', storesCache: true, scoreLayers: [2] },
      { kind: 'reuse' },
      { kind: 'selective', mlpTokens: [0, 0, 2] },
      { kind: 'reuse', mlpTokens: [0, 0, 0] },
    ]);
  });

  it('makes kinds, caches and scores agree with the pattern, whatever it is', () => {
    const pattern = fc.stringMatching(/^1[012]{0,60}$/);
    const tokens = fc.array(fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 4, maxLength: 4 }), {
      minLength: 61,
      maxLength: 61,
    });
    fc.assert(
      fc.property(pattern, tokens, (digits, k) => {
        const steps = kept(digits, (n) => k[n] as number[]);
        expect(steps).toHaveLength(digits.length);
        for (const [n, step] of steps.entries()) {
          const some = (k[n] as number[]).some((count) => count > 0);
          const kind = digits[n] === '1' ? 'full' : digits[n] === '2' && some ? 'selective' : 'reuse';
          expect(step.kind).toBe(kind);
          expect(step.mlpTokens).toEqual(digits[n] === '2' ? k[n] : undefined);
          if (kind !== 'full') {
            expect(step).not.toHaveProperty('storesCache');
            expect(step).not.toHaveProperty('scoreLayers');
            continue;
          }
          const end = digits.indexOf('1', n + 1);
          const reading = steps.slice(n + 1, end < 0 ? undefined : end);
          expect(step.storesCache === true).toBe(reading.length > 0);
          const layers = [0, 1, 2, 3].filter((layer) => reading.some((s) => (s.mlpTokens?.[layer] ?? 0) > 0));
          expect(step.scoreLayers ?? []).toEqual(layers);
        }
      }),
    );
  });
});
