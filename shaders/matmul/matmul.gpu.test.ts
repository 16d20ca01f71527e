import { describe, expect, test } from 'vitest';
import { packHalves, randomValues, runKernel, unpackHalves, worstError } from '../../testing/run-kernel.ts';
import {
  type MatmulTiling,
  matmulConstants,
  matmulGatedParams,
  matmulKernel,
  matmulStoreParams,
  matmulVariants,
  matmulWorkgroups,
} from './index.ts';
import { type Activation, activate, matmulReference } from './reference.ts';

// Worst deviation over the output's root mean square. Measured at most 3.1e-6 on the two software
// adapters (K = 1024); set at four times that.
const tolerance = 1.25e-5;

const sizes = [
  { rows: 1, K: 16, N: 16 },
  { rows: 7, K: 48, N: 20 },
  { rows: 65, K: 36, N: 68 },
  { rows: 130, K: 144, N: 132 },
  { rows: 64, K: 1024, N: 64 },
];

describe.each(matmulVariants.map((kernel) => [kernel.name, kernel] as const))('%s', (name, kernel) => {
  const tiling = name.split('.')[1] as MatmulTiling;
  const packed = name.includes('packed-f16');
  const gated = name.endsWith('gated');

  test.each(sizes)('$rows x $K x $N', async ({ rows, K, N }) => {
    const input = randomValues(rows * K, 1);
    const raw = randomValues(K * N, 2);
    const weights = packed ? packHalves(raw) : raw;
    const exact = packed ? unpackHalves(weights as Uint32Array) : raw;
    const bias = randomValues(N, 3);
    const product = matmulReference(input, exact, bias, { rows, K, N });
    const workgroups = matmulWorkgroups(tiling, rows, N);
    if (!gated) {
      for (const activation of (rows === 7 ? ['none', 'gelu', 'silu'] : ['none']) as Activation[]) {
        const [output] = await runKernel({
          kernel,
          constants: matmulConstants(activation),
          params: matmulStoreParams({ rows, K, N }, 8),
          workgroups,
          storage: [input, weights, bias, 8 + rows * N],
        });
        expect([...(output as Float32Array).subarray(0, 8)]).toEqual(Array(8).fill(0));
        const expected = product.map((v) => activate(v, activation));
        expect(worstError((output as Float32Array).subarray(8), expected)).toBeLessThan(tolerance);
      }
      return;
    }
    const tokens = Math.ceil(rows / 2);
    const residual = randomValues(rows * N, 4);
    const stride = 3 * N;
    const table = randomValues(4 * stride, 5);
    const [output] = await runKernel({
      kernel,
      params: matmulGatedParams({ rows, K, N }, { tokens, gateOffset: N, modulationStride: stride }),
      workgroups,
      storage: [input, weights, bias, residual, table],
      step: { modulationRow: 1 },
    });
    const expected = product.map((v, i) => {
      const gate = table[(1 + Math.floor(i / N / tokens)) * stride + N + (i % N)] as number;
      return (residual[i] as number) + gate * v;
    });
    expect(worstError(output as Float32Array, expected)).toBeLessThan(tolerance);
  });
});

test('GELU and SiLU stay finite where a naive tanh or exp would not', async () => {
  const input = Float32Array.of(1, 0, 0, 0);
  const bias = Float32Array.of(-1000, -50, 50, 1000);
  for (const activation of ['gelu', 'silu'] as const) {
    const [output] = await runKernel({
      kernel: matmulKernel({ tiling: 'register', weights: 'f32', epilogue: 'store' }),
      constants: matmulConstants(activation),
      params: matmulStoreParams({ rows: 1, K: 4, N: 4 }),
      workgroups: matmulWorkgroups('register', 1, 4),
      storage: [input, new Float32Array(16), bias, 4],
    });
    [0, 0, 50, 1000].forEach((expected, i) => {
      expect((output as Float32Array)[i]).toBeCloseTo(expected, 4);
    });
  }
});
