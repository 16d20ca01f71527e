import { expect, test } from 'vitest';
import { randomValues, runKernel } from '../../testing/run-kernel.ts';
import { flatWorkgroups } from '../common/kernel.ts';
import { transposeParams, transposeVariants, type WeightStorage } from './index.ts';
import { transposeReference } from './reference.ts';

test.each(
  transposeVariants.flatMap((kernel) =>
    [
      { rows: 4, K: 4, N: 4, column: 0 },
      { rows: 20, K: 36, N: 60, column: 40 },
      { rows: 128, K: 144, N: 132, column: 4 },
    ].map((size) => ({ kernel, ...size })),
  ),
)('$kernel.name moves every bit: $rows x $K into column $column of $N', async ({ kernel, ...size }) => {
  const { rows, K, N } = size;
  const values = randomValues(rows * K, 5);
  const { input, output } = {
    f32: () => ({ input: values, output: new Float32Array(K * N) }),
    'packed-f16': () => ({
      input: Uint16Array.from(values, (v) => v * 0x7fff + 0x8000),
      output: new Uint16Array(K * N),
    }),
    int8: () => ({ input: Uint8Array.from(values, (v) => v * 0x7f + 0x80), output: new Uint8Array(K * N) }),
  }[kernel.name.replace('transpose.', '') as WeightStorage]();
  const [found] = await runKernel({
    kernel,
    params: transposeParams(size),
    workgroups: flatWorkgroups((rows * K) / 16),
    storage: [input instanceof Float32Array ? input : new Uint32Array(input.buffer), output.byteLength / 4],
  });
  const bytes = new Uint8Array((found as Float32Array).buffer);
  expect([...bytes]).toEqual([...new Uint8Array(transposeReference(input, output, size).buffer)]);
});
