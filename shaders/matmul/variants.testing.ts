import { describe, expect, test } from 'vitest';
import { randomValues, runKernel, worstError } from '../../testing/run-kernel.ts';
import { runnableHere } from '../../testing/runnable.ts';
import type { Kernel } from '../common/kernel.ts';
import {
  type MatmulEpilogue,
  type MatmulTiling,
  type MatmulVariant,
  type MatmulWeights,
  matmulScatterParams,
  matmulStoreParams,
  matmulTileRows,
  matmulTilings,
  matmulWorkgroups,
} from './index.ts';
import { matmulTolerance } from './numeric-check.ts';
import { type Activation, activate, matmulReference } from './reference.ts';
import { storeWeights } from './weights.testing.ts';

const sizes = [
  { rows: 1, K: 16, N: 16 },
  { rows: 7, K: 48, N: 20 },
  { rows: 65, K: 36, N: 68 },
  { rows: 130, K: 144, N: 132 },
  { rows: 64, K: 1024, N: 64 },
];

/** What a kernel's name says. */
export function matmulVariantOf(name: string): MatmulVariant {
  const [weights, epilogue] = name.split('.').slice(-2) as [MatmulWeights, MatmulEpilogue];
  const tiling = matmulTilings.find((t) => name.startsWith(`matmul.${t.name}.`)) as MatmulTiling;
  return { tiling, weights, epilogue };
}

/** Registers the tests of matmul variants against the f64 reference; those this adapter cannot run are named and left out. */
export async function testMatmulVariants(variants: readonly Kernel[]): Promise<void> {
  const runnable = await runnableHere(variants);
  describe.each(runnable.map((kernel) => [kernel.name, kernel] as const))('%s', (name, kernel) => {
    const { tiling, weights: kind, epilogue } = matmulVariantOf(name);

    test.each(sizes)('$rows x $K x $N', async (size) => {
      const { rows, K, N } = size;
      const input = randomValues(rows * K, 1);
      const bias = randomValues(N, 3);
      const { weights, finish, exact } = storeWeights(kind, randomValues(K * N, 2), bias, N);
      const product = matmulReference(input, exact, bias, size);
      const workgroups = matmulWorkgroups(tiling, rows, N);
      if (epilogue === 'scatter') {
        const scatter = scatterCase(size, product);
        const [cache] = await runKernel({
          kernel,
          params: matmulScatterParams(size, { ...scatter, cacheOffset: 0 }),
          workgroups,
          storage: [input, weights, finish, scatter.ids, scatter.before],
        });
        expect(worstError(cache as Float32Array, scatter.expected)).toBeLessThan(matmulTolerance(kind));
        return;
      }
      const store = async (activation: Activation, rowsDone = 0) => {
        const [output] = await runKernel({
          kernel,
          params: matmulStoreParams(size, { outputOffset: 8, firstRow: rowsDone, activation }),
          workgroups: matmulWorkgroups(tiling, rows - rowsDone, N),
          storage: [input, weights, finish, 8 + rows * N],
        });
        return output as Float32Array;
      };
      const output = await store('none');
      expect([...output.subarray(0, 8)]).toEqual(Array(8).fill(0));
      expect(worstError(output.subarray(8), product)).toBeLessThan(matmulTolerance(kind));
      if (rows === 130) {
        const begin = matmulTileRows(tiling);
        const rest = await store('none', begin);
        expect(rest.subarray(0, 8 + begin * N).every((value) => value === 0)).toBe(true);
        expect([...rest.subarray(8 + begin * N)]).toEqual([...output.subarray(8 + begin * N)]);
      }
      // The epilogue is the same text in every tiling.
      if (rows === 7 && tiling === matmulTilings[0]) {
        for (const activation of ['gelu', 'silu'] as const) {
          const expected = product.map((v) => activate(v, activation));
          expect(worstError((await store(activation)).subarray(8), expected)).toBeLessThan(matmulTolerance(kind));
        }
      }
    });
  });
}

/** Rows go to every second token from the end, as selection may order them; the other tokens keep what they had. */
function scatterCase({ rows, N }: { rows: number; N: number }, product: Float64Array) {
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
  return { tokens, selected, ids, before, expected };
}
