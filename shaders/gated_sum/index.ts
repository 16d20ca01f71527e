import type { Kernel, KernelConstants } from '../common/kernel.ts';
import stepSource from '../common/step.wgsl?raw';
import kernelSource from './kernel.wgsl?raw';

/** Cached branches per block: attention, MLP. */
export const cachedBranches = 2;

/** Fused reuse and forecast. Storage: hidden (in place), modulation table, cache slab, weights. Dispatch flat over rows x C / 4. */
export const gatedSumKernel: Kernel = {
  name: 'gated_sum',
  op: 'gated_sum',
  source: `${kernelSource}\n${stepSource}`,
  storage: ['read_write', 'read', 'read', 'read'],
  usesStep: true,
  files: ['gated_sum/kernel.wgsl', 'common/step.wgsl'],
};

export const gatedSumVariants: readonly Kernel[] = [gatedSumKernel];

export function gatedSumConstants(C: number): KernelConstants {
  return { C4: C / 4 };
}

/** Entry e = layer x 2 + (0 attention, 1 MLP); the pass covers `first .. first + count` of the slab that starts at `slabFirst`. */
export function gatedSumParams(p: {
  rows: number;
  tokens: number;
  first: number;
  count: number;
  slabFirst: number;
  modulationRows: number;
  /** Element of the weights that belongs to entry 0. */
  firstWeight: number;
}): Uint32Array {
  return Uint32Array.of(p.rows, p.tokens, p.first, p.count, p.slabFirst, p.modulationRows, p.firstWeight);
}
