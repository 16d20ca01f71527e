import { expect, test } from 'vitest';
import { randomValues, runKernel } from '../../testing/run-kernel.ts';
import { flatWorkgroups } from '../common/kernel.ts';
import { adaLNSingleParams, adaLNSingleVariants } from './index.ts';
import { adaLNSingleReference } from './reference.ts';

test.each(
  adaLNSingleVariants.flatMap((kernel) =>
    [
      { rows: 1, width: 24, sourceWidth: 24, outputOffset: 0 },
      { rows: 5, width: 216, sourceWidth: 216, outputOffset: 12 },
      { rows: 3, width: 72, sourceWidth: 36, outputOffset: 8 },
    ].map((size) => ({ kernel, ...size })),
  ),
)('$kernel.name: $rows rows of $width, from $sourceWidth', async ({ kernel, ...size }) => {
  const { rows, width, sourceWidth, outputOffset } = size;
  const table = randomValues(width, 1);
  const source = randomValues(rows * sourceWidth, 2);
  const [output] = (await runKernel({
    kernel,
    params: adaLNSingleParams(size),
    workgroups: flatWorkgroups((rows * width) / 4),
    storage: [table, source, outputOffset + rows * width],
  })) as [Float32Array];
  // One addition, rounded once.
  const expected = Float32Array.from(adaLNSingleReference(table, source, size));
  expect([...output]).toEqual([...Array(outputOffset).fill(0), ...expected]);
});
