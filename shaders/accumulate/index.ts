import type { Kernel } from '../common/kernel.ts';
import kernelSource from './kernel.wgsl?raw';

/** accumulator = add x values + keep x accumulator. Storage: values, accumulator (in place). Dispatch flat over count / 4. */
export const accumulateKernel: Kernel = {
  name: 'accumulate',
  op: 'accumulate',
  source: kernelSource,
  storage: ['read', 'read_write'],
  usesStep: false,
  files: ['accumulate/kernel.wgsl'],
};

export const accumulateVariants: readonly Kernel[] = [accumulateKernel];

/** @param elements a multiple of 4. */
export function accumulateParams(elements: number, { add, keep }: { add: number; keep: number }): Uint32Array {
  const params = new DataView(new ArrayBuffer(12));
  params.setUint32(0, elements / 4, true);
  params.setFloat32(4, add, true);
  params.setFloat32(8, keep, true);
  return new Uint32Array(params.buffer);
}
