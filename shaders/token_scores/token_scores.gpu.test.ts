import { describe, expect, test } from 'vitest';
import { randomValues, runKernel, worstError } from '../../testing/run-kernel.ts';
import { attentionParams } from '../attention/index.ts';
import { attentionReference } from '../attention/reference.ts';
import { flatWorkgroups } from '../common/kernel.ts';
import { attentionScoresGroups, attentionScoresWorkgroups, tokenScoresVariants, valueNormParams } from './index.ts';
import { attentionScoresReference, valueNormReference } from './reference.ts';

// Four times the worst measured: 2.3e-6 (attention), 2.2e-7 (value norm).
const tolerance = 1e-5;

const sizes = [
  { batch: 1, tokens: 1, heads: 1 },
  { batch: 2, tokens: 17, heads: 3 },
  { batch: 1, tokens: 77, heads: 2 },
];

describe.each(tokenScoresVariants.map((kernel) => [kernel.name, kernel] as const))('%s', (name, kernel) => {
  test.each(sizes)('batch $batch, $tokens tokens, $heads heads', async ({ batch, tokens, heads }) => {
    const byAttention = name.includes('attention');
    const headDim = byAttention ? Number(name.split('.d')[1]) : 24;
    const size = { batch, tokens, heads, headDim };
    const qkv = randomValues(batch * tokens * 3 * heads * headDim, 3).map((v) => 3 * v);
    if (!byAttention) {
      const [scores] = await runKernel({
        kernel,
        params: valueNormParams({ rows: batch * tokens, width: heads * headDim }),
        workgroups: flatWorkgroups(batch * tokens),
        storage: [qkv, batch * tokens],
      });
      expect(worstError(scores as Float32Array, valueNormReference(qkv, size))).toBeLessThan(tolerance);
      return;
    }
    const logSumExp = Float32Array.from(attentionReference(qkv, size).logSumExp);
    const run = async (part: { first?: number; count?: number }) => {
      const [scores] = await runKernel({
        kernel,
        params: attentionParams({ ...size, ...part }),
        workgroups: attentionScoresWorkgroups({ ...size, ...part }),
        storage: [qkv, logSumExp, batch * heads * tokens],
      });
      return scores as Float32Array;
    };
    const scores = await run({});
    expect(worstError(scores, attentionScoresReference(qkv, size))).toBeLessThan(tolerance);
    // Every query hands out one unit of attention per head.
    const total = scores.reduce((sum, v) => sum + v, 0);
    expect(total).toBeCloseTo(batch * heads * tokens, 3);
    // Two dispatches write what one does, each its own part.
    const half = Math.floor(attentionScoresGroups(size) / 2);
    if (half === 0) return;
    const end = await run({ first: half });
    expect((await run({ count: half })).map((v, i) => v + (end[i] as number))).toEqual(scores);
  });
});
