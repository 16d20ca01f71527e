import { describe, expect, test } from 'vitest';
import { packHalves, randomValues, runKernel, unpackHalves, worstError } from '../../testing/run-kernel.ts';
import {
  type MatmulEpilogue,
  type MatmulTiling,
  matmulConstants,
  matmulGatedParams,
  matmulKernel,
  matmulScatterParams,
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
  const epilogue = name.split('.')[3] as MatmulEpilogue;

  interface Linear {
    rows: number;
    K: number;
    N: number;
    input: Float32Array;
    weights: Float32Array | Uint32Array;
    bias: Float32Array;
  }

  /** Rows go to every second token from the end, as selection may order them; the other tokens keep what they had. */
  async function expectScatter({ rows, K, N, input, weights, bias }: Linear, product: Float64Array): Promise<void> {
    const batch = rows % 2 === 0 ? 2 : 1;
    const selected = rows / batch;
    const tokens = 2 * selected;
    const ids = new Uint32Array(batch * tokens);
    for (let b = 0; b < batch; b++) for (let i = 0; i < selected; i++) ids[b * tokens + i] = tokens - 1 - 2 * i;
    const before = randomValues(batch * tokens * N, 6);
    const expected = Float64Array.from(before);
    for (let r = 0; r < rows; r++) {
      const b = Math.floor(r / selected);
      const token = ids[b * tokens + (r % selected)] as number;
      expected.set(product.subarray(r * N, (r + 1) * N), (b * tokens + token) * N);
    }
    const [cache] = await runKernel({
      kernel,
      params: matmulScatterParams({ rows, K, N }, { tokens, selected, cacheOffset: 0 }),
      workgroups: matmulWorkgroups(tiling, rows, N),
      storage: [input, weights, bias, ids, before],
    });
    expect(worstError(cache as Float32Array, expected)).toBeLessThan(tolerance);
  }

  test.each(sizes)('$rows x $K x $N', async ({ rows, K, N }) => {
    const input = randomValues(rows * K, 1);
    const raw = randomValues(K * N, 2);
    const weights = packed ? packHalves(raw) : raw;
    const exact = packed ? unpackHalves(weights as Uint32Array) : raw;
    const bias = randomValues(N, 3);
    const product = matmulReference(input, exact, bias, { rows, K, N });
    const workgroups = matmulWorkgroups(tiling, rows, N);
    if (epilogue === 'scatter') {
      await expectScatter({ rows, K, N, input, weights, bias }, product);
      return;
    }
    if (epilogue === 'store') {
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
    const caches = epilogue === 'gated-cache';
    const [output, cache] = await runKernel({
      kernel,
      params: matmulGatedParams({ rows, K, N }, { tokens, gateOffset: N, modulationStride: stride, cacheOffset: N }),
      workgroups,
      storage: [input, weights, bias, residual, table, ...(caches ? [N + rows * N] : [])],
      step: { modulationRow: 1 },
    });
    if (caches) expect(worstError((cache as Float32Array).subarray(N), product)).toBeLessThan(tolerance);
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
      kernel: matmulKernel({ tiling: 'register-8x4', weights: 'f32', epilogue: 'store' }),
      constants: matmulConstants(activation),
      params: matmulStoreParams({ rows: 1, K: 4, N: 4 }),
      workgroups: matmulWorkgroups('register-8x4', 1, 4),
      storage: [input, new Float32Array(16), bias, 4],
    });
    [0, 0, 50, 1000].forEach((expected, i) => {
      expect((output as Float32Array)[i]).toBeCloseTo(expected, 4);
    });
  }
});
