import type { Kernel, KernelConstants } from '../common/kernel.ts';
import kernelSource from './kernel.wgsl?raw';

/** Chosen tokens. Storage: token state, ids, output. Dispatch flat over rows x C / 4. */
export const gatherKernel: Kernel = {
  name: 'gather',
  op: 'gather',
  source: kernelSource,
  storage: ['read', 'read', 'read_write'],
  usesStep: false,
  files: ['gather/kernel.wgsl'],
};

export const gatherVariants: readonly Kernel[] = [gatherKernel];

export function gatherConstants(C: number): KernelConstants {
  return { C4: C / 4 };
}

export function gatherParams(p: { batch: number; tokens: number; selected: number }): Uint32Array {
  return Uint32Array.of(p.batch * p.selected, p.tokens, p.selected);
}
