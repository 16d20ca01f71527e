import { expect, test } from 'vitest';
import { randomValues, runKernel, worstError } from '../../testing/run-kernel.ts';
import { flatWorkgroups } from '../common/kernel.ts';
import { patchEmbedConstants, patchEmbedParams, patchEmbedVariants } from './index.ts';
import { patchEmbedReference } from './reference.ts';

// Four times the worst measured, 5.9e-7.
const tolerance = 2.4e-6;

test.each(
  patchEmbedVariants.flatMap((kernel) =>
    [
      { batch: 1, channels: 4, height: 2, width: 2, patch: 2, C: 8 },
      { batch: 2, channels: 4, height: 16, width: 12, patch: 2, C: 36 },
      { batch: 3, channels: 3, height: 8, width: 12, patch: 4, C: 20 },
    ].map((size) => ({ kernel, ...size })),
  ),
)('$kernel.name: $batch x $channels x $height x $width, patch $patch', async ({ kernel, ...size }) => {
  const { batch, channels, height, width, patch, C } = size;
  const tokens = (height * width) / patch ** 2;
  const sample = randomValues(batch * channels * height * width, 1);
  const weights = randomValues(channels * patch ** 2 * C, 2);
  const bias = randomValues(C, 3);
  const position = randomValues(tokens * C, 4);
  const elements = channels * height * width;
  const run = async (stride: number) => {
    const [output] = await runKernel({
      kernel,
      constants: patchEmbedConstants(size),
      params: patchEmbedParams(batch * tokens, stride),
      workgroups: flatWorkgroups((batch * tokens * C) / 4),
      storage: [sample, weights, bias, position, batch * tokens * C],
    });
    return output as Float32Array;
  };
  const expected = patchEmbedReference(sample, weights, bias, position, size);
  expect(worstError(await run(elements), expected)).toBeLessThan(tolerance);
  const shared = await run(0);
  const first = expected.subarray(0, tokens * C);
  for (let b = 0; b < batch; b++) {
    expect(worstError(shared.subarray(b * tokens * C, (b + 1) * tokens * C), first)).toBeLessThan(tolerance);
  }
});
