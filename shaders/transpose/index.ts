import type { Kernel } from '../common/kernel.ts';
import int8Source from './kernel.int8.wgsl?raw';
import packedSource from './kernel.packed-f16.wgsl?raw';
import f32Source from './kernel.wgsl?raw';

/** How linear weights lie in memory. */
export type WeightStorage = 'f32' | 'packed-f16' | 'int8';

/** Weight upload `[rows, K]` -> `[K, N]`, bits kept. Storage: input, output. Dispatch flat over rows x K / 16. */
export function transposeKernel(weights: WeightStorage): Kernel {
  return {
    name: `transpose.${weights}`,
    op: 'transpose',
    source: { f32: f32Source, 'packed-f16': packedSource, int8: int8Source }[weights],
    storage: ['read', 'read_write'],
    usesStep: false,
    files: [weights === 'f32' ? 'transpose/kernel.wgsl' : `transpose/kernel.${weights}.wgsl`],
  };
}

export const transposeVariants: readonly Kernel[] = (['f32', 'packed-f16', 'int8'] as const).map(transposeKernel);

/** All in elements, all multiples of 4; `column` is the first output column this piece fills. */
export function transposeParams(p: { rows: number; K: number; N: number; column: number }): Uint32Array {
  return Uint32Array.of(p.rows / 4, p.K / 4, p.N / 4, p.column / 4);
}
