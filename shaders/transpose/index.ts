import { type Kernel, wgslModule } from '../common/kernel.ts';
import f32Block from './block.f32.wgsl?raw';
import int8Block from './block.int8.wgsl?raw';
import packedBlock from './block.packed-f16.wgsl?raw';
import kernelSource from './kernel.wgsl?raw';

/** How linear weights lie in memory. */
export type WeightStorage = 'f32' | 'packed-f16' | 'int8';

const blocks = { f32: f32Block, 'packed-f16': packedBlock, int8: int8Block };

/** Weight upload `[rows, K]` -> `[K, N]`, bits kept. Storage: input, output. Dispatch flat over rows x K / 16. */
export function transposeKernel(weights: WeightStorage): Kernel {
  return {
    name: `transpose.${weights}`,
    op: 'transpose',
    source: wgslModule([blocks[weights], kernelSource]),
    storage: ['read', 'read_write'],
    usesStep: false,
    files: [`transpose/block.${weights}.wgsl`, 'transpose/kernel.wgsl'],
  };
}

export const transposeVariants: readonly Kernel[] = (['f32', 'packed-f16', 'int8'] as const).map(transposeKernel);

/** All in elements, all multiples of 4; `column` is the first output column this piece fills. */
export function transposeParams(p: { rows: number; K: number; N: number; column: number }): Uint32Array {
  return Uint32Array.of(p.rows / 4, p.K / 4, p.N / 4, p.column / 4);
}
