import { attentionTilings, matmulTilings, matmulWeights } from '@webdit/shaders';
import { expect, test } from 'vitest';
import type { AdapterInfo } from './device.ts';
import { staticChoice } from './tiling.ts';

const adapter = (isFallback: boolean, description = ''): AdapterInfo => ({
  vendor: '',
  architecture: '',
  device: '',
  description,
  isFallback,
});
const adapters = [
  { name: 'hardware', adapterInfo: adapter(false), subgroups: true },
  { name: 'software without subgroups', adapterInfo: adapter(true), subgroups: false },
  { name: 'SwiftShader', adapterInfo: adapter(true, 'SwiftShader driver'), subgroups: true },
  { name: 'lavapipe', adapterInfo: adapter(true, 'llvmpipe'), subgroups: true },
];

test.each(adapters)(
  'the table for $name names kept tilings only, and none whose feature is missing',
  ({ adapterInfo, subgroups }) => {
    const features = new Set(subgroups ? ['subgroups'] : []) as unknown as GPUSupportedFeatures;
    for (const weights of matmulWeights) {
      const choice = staticChoice({ adapterInfo, features }, weights);
      for (const rows of [1, 2, 4, 5, 8, 16, 17, 32, 100, 128, 512, 4096]) {
        for (const [K, N] of [
          [256, 256],
          [1152, 4608],
        ] as const) {
          const tiling = choice.matmul({ rows, K, N });
          expect(matmulTilings.map(({ name }) => name)).toContain(tiling.name);
          expect(tiling.subgroups && !subgroups).toBe(false);
        }
      }
      for (const tokens of [16, 64, 128, 256, 4096]) {
        const tiling = choice.attention({ batch: 2, tokens, heads: 16, headDim: 72 });
        expect(Object.values(attentionTilings).map(({ name }) => name)).toContain(tiling.name);
        expect(tiling.subgroups && !subgroups).toBe(false);
        if (tiling.memory === 'small') expect(tokens).toBeLessThanOrEqual(tiling.keys);
      }
    }
  },
);
