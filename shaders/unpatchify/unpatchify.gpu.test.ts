import { expect, test } from 'vitest';
import { randomValues, runKernel } from '../../testing/run-kernel.ts';
import { flatWorkgroups } from '../common/kernel.ts';
import { unpatchifyConstants, unpatchifyParams, unpatchifyVariants } from './index.ts';
import { unpatchifyReference } from './reference.ts';

test.each(
  unpatchifyVariants.flatMap((kernel) =>
    [
      { batch: 1, channels: 1, height: 2, width: 2, patch: 2 },
      { batch: 2, channels: 8, height: 16, width: 10, patch: 2 },
      { batch: 3, channels: 3, height: 4, width: 12, patch: 4 },
    ].map((size) => ({ kernel, ...size })),
  ),
)(
  '$kernel.name moves every value: $batch x $channels x $height x $width, patch $patch',
  async ({ kernel, ...size }) => {
    const count = size.batch * size.channels * size.height * size.width;
    const input = randomValues(count, 1);
    const [output] = await runKernel({
      kernel,
      constants: unpatchifyConstants(size),
      params: unpatchifyParams(count),
      workgroups: flatWorkgroups(count),
      storage: [input, count],
    });
    expect([...(output as Float32Array)]).toEqual([...unpatchifyReference(input, size)]);
  },
);
