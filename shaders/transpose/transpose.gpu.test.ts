import { expect, test } from 'vitest';
import { randomValues, runKernel } from '../../testing/run-kernel.ts';
import { flatWorkgroups } from '../common/kernel.ts';
import { transposeParams, transposeVariants } from './index.ts';
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
  const packed = kernel.name.endsWith('packed-f16');
  const values = randomValues(size.rows * size.K, 5);
  const bits = Uint16Array.from(values, (v) => v * 0x7fff + 0x8000);
  const [output] = await runKernel({
    kernel,
    params: transposeParams(size),
    workgroups: flatWorkgroups((size.rows * size.K) / 16),
    storage: [packed ? new Uint32Array(bits.buffer) : values, (size.K * size.N) / (packed ? 2 : 1)],
  });
  const found = packed ? new Uint16Array((output as Float32Array).buffer) : (output as Float32Array);
  const expected = packed
    ? transposeReference(bits, new Uint16Array(size.K * size.N), size)
    : transposeReference(values, new Float32Array(size.K * size.N), size);
  expect([...found]).toEqual([...expected]);
});
