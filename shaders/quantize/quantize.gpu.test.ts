import { expect, test } from 'vitest';
import { randomValues, runKernel } from '../../testing/run-kernel.ts';
import { transposeParams } from '../transpose/index.ts';
import { quantizeVariants, quantizeWorkgroups } from './index.ts';
import { quantizeReference } from './reference.ts';

test.each(
  quantizeVariants.flatMap((kernel) =>
    [
      { rows: 4, K: 4, N: 4, column: 0 },
      { rows: 20, K: 36, N: 60, column: 40 },
      { rows: 128, K: 300, N: 132, column: 4 },
    ].map((size) => ({ kernel, ...size })),
  ),
)('$kernel.name: $rows x $K into column $column of $N', async ({ kernel, ...size }) => {
  const { rows, K, N, column } = size;
  // Rows of very different size, and one of zeros.
  const input = randomValues(rows * K, 5).map((v, i) => v * 10 ** ((Math.floor(i / K) % 7) - 3));
  input.fill(0, K, 2 * K);
  const { scale, bytes } = quantizeReference(input, size);
  const finish = randomValues(2 * N, 6);
  const [output, finished] = (await runKernel({
    kernel,
    params: transposeParams(size),
    workgroups: quantizeWorkgroups(rows),
    storage: [input, (K * N) / 4, finish],
  })) as [Float32Array, Float32Array];
  const expectedFinish = Float32Array.from(finish);
  expectedFinish.set(scale, N + column);
  expect([...finished]).toEqual([...expectedFinish]);
  const found = new Int8Array(output.buffer);
  let off = 0;
  for (let k = 0; k < K; k++) {
    for (let n = 0; n < N; n++) {
      const inside = n >= column && n < column + rows;
      const expected = inside ? (bytes[(n - column) * K + k] as number) : 0;
      const difference = Math.abs((found[k * N + n] as number) - expected);
      // Half-way cases may fall either way in f32.
      expect(difference).toBeLessThanOrEqual(inside ? 1 : 0);
      off += difference;
    }
  }
  expect(off).toBeLessThanOrEqual((rows * K) / 1000);
});
