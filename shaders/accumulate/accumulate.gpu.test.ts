import { expect, test } from 'vitest';
import { randomValues, runKernel, worstError } from '../../testing/run-kernel.ts';
import { flatWorkgroups } from '../common/kernel.ts';
import { accumulateParams, accumulateVariants } from './index.ts';
import { accumulateReference } from './reference.ts';

// One rounding of each product and one of the sum.
const tolerance = 5e-7;

test.each(
  accumulateVariants.flatMap((kernel) =>
    [
      { elements: 4, add: -1, keep: 0 },
      { elements: 36, add: 1, keep: 1 },
      { elements: 4 * 65, add: 0.75, keep: -1.5 },
    ].map((size) => ({ kernel, ...size })),
  ),
)('$kernel.name: $add x $elements values + $keep x accumulator', async ({ kernel, elements, ...factors }) => {
  const values = randomValues(elements, 1);
  // What is not kept may be anything.
  const before = factors.keep === 0 ? new Float32Array(elements).fill(Number.NaN) : randomValues(elements, 2);
  const [output] = await runKernel({
    kernel,
    params: accumulateParams(elements, factors),
    workgroups: flatWorkgroups(elements / 4),
    storage: [values, before],
  });
  expect(worstError(output as Float32Array, accumulateReference(values, before, factors))).toBeLessThan(tolerance);
});
