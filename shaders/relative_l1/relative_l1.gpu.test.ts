import { expect, test } from 'vitest';
import { randomValues, runKernel, worstError } from '../../testing/run-kernel.ts';
import { relativeL1Params, relativeL1Variants } from './index.ts';
import { relativeL1Reference } from './reference.ts';

// Sums of positive values: the error of a thread's own sum, and of eight levels of the tree.
const tolerance = 2e-6;

test.each(
  relativeL1Variants.flatMap((kernel) => [1, 255, 256, 257, 16_384, 33_001].map((elements) => ({ kernel, elements }))),
)('$kernel.name: $elements values, and the same bytes twice', async ({ kernel, elements }) => {
  const values = randomValues(elements, 1);
  const reference = randomValues(elements, 2);
  const run = async () => {
    const outputs = await runKernel({
      kernel,
      params: relativeL1Params(elements),
      workgroups: [1, 1, 1],
      storage: [values, reference, new Float32Array(2)],
    });
    return outputs[0] as Float32Array;
  };
  const sums = await run();
  expect(worstError(sums, relativeL1Reference(values, reference))).toBeLessThan(tolerance);
  expect([...(await run())]).toEqual([...sums]);
});
