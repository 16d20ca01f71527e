import { describe, expect, test } from 'vitest';
import { randomValues, runKernel, worstError } from '../../testing/run-kernel.ts';
import { attentionParams } from '../attention/index.ts';
import { attentionReference, crossAttentionReference } from '../attention/reference.ts';
import { flatWorkgroups } from '../common/kernel.ts';
import {
  attentionScoresGroups,
  attentionScoresWorkgroups,
  crossEntropyKernel,
  crossEntropyParams,
  crossEntropyWorkgroups,
  tokenScoresVariants,
  valueNormParams,
} from './index.ts';
import { attentionScoresReference, crossEntropyReference, valueNormReference } from './reference.ts';

// Four times the worst measured: 2.3e-6 (attention), 2.2e-7 (value norm).
const tolerance = 1e-5;

const sizes = [
  { batch: 1, tokens: 1, heads: 1 },
  { batch: 2, tokens: 17, heads: 3 },
  { batch: 1, tokens: 77, heads: 2 },
];

test.each([
  { batch: 1, queries: 1, tokens: 1, keys: 1 },
  { batch: 2, queries: 17, tokens: 17, keys: 13 },
  { batch: 2, queries: 5, tokens: 17, keys: 24 },
])('$queries of $tokens tokens over $keys keys: entropy', async (p) => {
  const size = { ...p, heads: 3, headDim: 24, offset: 1.5 };
  const { batch, queries, tokens, keys, heads, headDim } = size;
  const q = randomValues(batch * queries * heads * headDim, 5).map((v) => 3 * v);
  const kv = randomValues(batch * keys * 2 * heads * headDim, 6).map((v) => 3 * v);
  const mask = Uint32Array.from({ length: batch * keys }, (_, i) => Number(i % keys === 0 || i % 5 !== 3));
  const logSumExp = Float32Array.from(crossAttentionReference(q, kv, mask, { ...size, tokens: queries }).logSumExp);
  const ids = Uint32Array.from({ length: batch * tokens }, (_, i) => ((i % tokens) * 5 + 2) % tokens);
  const [scores] = (await runKernel({
    kernel: crossEntropyKernel,
    params: crossEntropyParams(size),
    workgroups: crossEntropyWorkgroups(size),
    storage: [q, kv, mask, logSumExp, ids, batch * tokens],
  })) as [Float32Array];
  const expected = new Float64Array(batch * tokens);
  crossEntropyReference(q, kv, mask, size).forEach((score, row) => {
    const first = Math.floor(row / queries) * tokens;
    expected[first + (ids[first + (row % queries)] as number)] = score;
  });
  expect(worstError(scores, expected)).toBeLessThan(tolerance);
});

describe.each(
  tokenScoresVariants.filter((kernel) => kernel !== crossEntropyKernel).map((kernel) => [kernel.name, kernel] as const),
)('%s', (name, kernel) => {
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
