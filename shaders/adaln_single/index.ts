import type { Kernel } from '../common/kernel.ts';
import kernelSource from './kernel.wgsl?raw';

/** Table + timestep. Storage: table, source, modulation table. Dispatch flat over rows x width / 4. */
export const adaLNSingleKernel: Kernel = {
  name: 'adaln_single',
  op: 'adaln_single',
  source: kernelSource,
  storage: ['read', 'read', 'read_write'],
  usesStep: false,
  files: ['adaln_single/kernel.wgsl'],
};

export const adaLNSingleVariants: readonly Kernel[] = [adaLNSingleKernel];

/** In elements, multiples of 4; `sourceWidth` divides `width`. */
export interface AdaLNSingleSize {
  readonly rows: number;
  /** Of the layer's table. */
  readonly width: number;
  readonly sourceWidth: number;
  readonly outputOffset: number;
}

export function adaLNSingleParams({ rows, width, sourceWidth, outputOffset }: AdaLNSingleSize): Uint32Array {
  return Uint32Array.of(rows, width / 4, sourceWidth / 4, outputOffset / 4);
}
