import { expect, test } from 'vitest';
import { randomValues, runKernel } from '../../testing/run-kernel.ts';
import { flatWorkgroups } from '../common/kernel.ts';
import { unpatchifyConstants, unpatchifyParams, unpatchifyVariants } from './index.ts';
import { unpatchifyReference } from './reference.ts';

test.each(
  unpatchifyVariants.flatMap((kernel) =>
    [
      { batch: 1, channels: 1, size: 2, patch: 2 },
      { batch: 2, channels: 8, size: 16, patch: 2 },
      { batch: 3, channels: 3, size: 12, patch: 4 },
    ].map((size) => ({ kernel, ...size })),
  ),
)('$kernel.name moves every value: $batch x $channels x $size, patch $patch', async ({ kernel, ...size }) => {
  const count = size.batch * size.channels * size.size ** 2;
  const input = randomValues(count, 1);
  const [output] = await runKernel({
    kernel,
    constants: unpatchifyConstants(size),
    params: unpatchifyParams(count),
    workgroups: flatWorkgroups(count),
    storage: [input, count],
  });
  expect([...(output as Float32Array)]).toEqual([...unpatchifyReference(input, size)]);
});
