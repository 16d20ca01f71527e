import type { Kernel } from '../common/kernel.ts';
import kernelSource from './kernel.wgsl?raw';

/** sums = [sum |values - reference|, sum |reference|]. Storage: values, reference, sums. Dispatch one workgroup. */
export const relativeL1Kernel: Kernel = {
  name: 'relative_l1',
  op: 'relative_l1',
  source: kernelSource,
  storage: ['read', 'read', 'read_write'],
  usesStep: false,
  files: ['relative_l1/kernel.wgsl'],
};

export const relativeL1Variants: readonly Kernel[] = [relativeL1Kernel];

export function relativeL1Params(elements: number): Uint32Array {
  return Uint32Array.of(elements);
}
