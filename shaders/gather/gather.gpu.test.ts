import { expect, test } from 'vitest';
import { randomValues, runKernel } from '../../testing/run-kernel.ts';
import { flatWorkgroups } from '../common/kernel.ts';
import { gatherConstants, gatherParams, gatherVariants } from './index.ts';
import { gatherReference } from './reference.ts';

test.each(
  gatherVariants.flatMap((kernel) =>
    [
      { batch: 1, tokens: 1, selected: 1, C: 4 },
      { batch: 2, tokens: 24, selected: 7, C: 36 },
    ].map((size) => ({ kernel, ...size })),
  ),
)('$kernel.name: $selected of $tokens tokens', async ({ kernel, ...size }) => {
  const { batch, tokens, selected, C } = size;
  const input = randomValues(batch * tokens * C, 1);
  const ids = Uint32Array.from({ length: batch * tokens }, (_, i) => (i * 7 + 3) % tokens);
  const [output] = (await runKernel({
    kernel,
    constants: gatherConstants(C),
    params: gatherParams(size),
    workgroups: flatWorkgroups((batch * selected * C) / 4),
    storage: [input, ids, batch * selected * C],
  })) as [Float32Array];
  expect([...output]).toEqual(gatherReference(input, ids, size));
});
