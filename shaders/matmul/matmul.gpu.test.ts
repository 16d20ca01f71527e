import { expect, test } from 'vitest';
import { testDevice } from '../../testing/gpu.ts';
import { runKernel } from '../../testing/run-kernel.ts';
import {
  type MatmulTiling,
  matmulKernel,
  matmulStoreParams,
  matmulTilings,
  matmulVariants,
  matmulWorkgroups,
} from './index.ts';
import { matmulVariantOf, testMatmulVariants } from './variants.testing.ts';

/**
 * Every tiling once, and every kind of weights and epilogue on the two tilings that compile fast; matmul.full.gpu.test.ts has
 * all of `matmulVariants` against `./reference.ts`. Where there is shader-f16, on lavapipe, which takes seconds to compile a variant,
 * only those that need it: SwiftShader runs all others.
 */
const { features } = await testDevice();
const quick = matmulVariants.filter(({ name, features: needed = [] }) => {
  if (features.has('shader-f16') && !needed.includes('shader-f16')) return false;
  const { tiling, weights, epilogue } = matmulVariantOf(name);
  if (weights === 'f32' && epilogue === 'store') return true;
  return tiling.memory === 'split-k' || tiling === matmulTilings[0];
});
await testMatmulVariants(quick);

test('GELU and SiLU stay finite where a naive tanh or exp would not', async () => {
  const input = Float32Array.of(1, 0, 0, 0);
  const bias = Float32Array.of(-1000, -50, 50, 1000);
  const tiling = matmulTilings[0] as MatmulTiling;
  for (const activation of ['gelu', 'silu'] as const) {
    const [output] = await runKernel({
      kernel: matmulKernel({ tiling, weights: 'f32', epilogue: 'store' }),
      params: matmulStoreParams({ rows: 1, K: 4, N: 4 }, { activation }),
      workgroups: matmulWorkgroups(tiling, 1, 4),
      storage: [input, new Float32Array(16), bias, 4],
    });
    [0, 0, 50, 1000].forEach((expected, i) => {
      expect((output as Float32Array)[i]).toBeCloseTo(expected, 4);
    });
  }
});
