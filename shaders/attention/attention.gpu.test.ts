import { describe, expect, test } from 'vitest';
import { randomValues, runKernel, worstError } from '../../testing/run-kernel.ts';
import { attentionParams, attentionVariants, attentionWorkgroups } from './index.ts';
import { attentionReference } from './reference.ts';

// Four times the worst measured: 2.1e-6, and 2.5e-5 with logits in the hundreds, whose rounding exp magnifies.
const tolerance = 8.5e-6;
const largeLogitTolerance = 1e-4;

describe.each(attentionVariants.map((kernel) => [kernel.name, kernel] as const))('%s', (name, kernel) => {
  const headDim = Number(name.split('.d')[1]);

  test.each([
    { batch: 1, tokens: 1, heads: 1, gain: 1 },
    { batch: 2, tokens: 17, heads: 3, gain: 3 },
    { batch: 1, tokens: 64, heads: 2, gain: 3 },
    { batch: 1, tokens: 77, heads: 1, gain: 3 },
    { batch: 1, tokens: 40, heads: 1, gain: 20 },
  ])('batch $batch, $tokens tokens, $heads heads, values to $gain', async ({ batch, tokens, heads, gain }) => {
    const qkv = randomValues(batch * tokens * 3 * heads * headDim, 7).map((v) => v * gain);
    const [output, logSumExp] = await runKernel({
      kernel,
      params: attentionParams({ tokens, heads, headDim }),
      workgroups: attentionWorkgroups({ batch, tokens, heads }),
      storage: [qkv, batch * tokens * heads * headDim, batch * heads * tokens],
    });
    const expected = attentionReference(qkv, { batch, tokens, heads, headDim });
    const limit = gain > 3 ? largeLogitTolerance : tolerance;
    expect(worstError(output as Float32Array, expected.output)).toBeLessThan(limit);
    expect(worstError(logSumExp as Float32Array, expected.logSumExp)).toBeLessThan(limit);
  });
});
