import { expect, test } from 'vitest';
import { randomValues, runKernel, worstError } from '../../testing/run-kernel.ts';
import { softmaxParams, softmaxVariants, softmaxWorkgroups } from './index.ts';
import { softmaxReference } from './reference.ts';

// Four times the worst measured, 9.2e-7: the exponential's own error.
const tolerance = 4e-6;

test.each(
  softmaxVariants.flatMap((kernel) =>
    [
      { rows: 1, width: 4, count: 1 },
      { rows: 3, width: 28, count: 25 },
      { rows: 5, width: 256, count: 256 },
      { rows: 2, width: 1028, count: 1026 },
    ].map((size) => ({ kernel, ...size, scale: 0.125 })),
  ),
)('$kernel.name: $rows rows of $count in $width', async ({ kernel, ...size }) => {
  const values = randomValues(size.rows * size.width, 1).map((v) => 50 * v);
  // What lies behind the values may be anything.
  const filled = values.map((v, i) => (i % size.width < size.count ? v : Number.NaN));
  const [found] = await runKernel({
    kernel,
    params: softmaxParams(size),
    workgroups: softmaxWorkgroups(size.rows),
    storage: [filled],
  });
  expect(worstError(found as Float32Array, softmaxReference(values, size))).toBeLessThan(tolerance);
});
