import type { Kernel, KernelConstants } from '../common/kernel.ts';
import stepSource from '../common/step.wgsl?raw';
import kernelSource from './kernel.wgsl?raw';

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

/** `branches` of a block: 2, or 3 with cross-attention. */
export function gatedSumConstants({ C, branches }: { C: number; branches: number }): KernelConstants {
  return { C4: C / 4, BRANCHES: branches };
}

/** Entry e = layer x branches + branch; the pass covers `first .. first + count` of the slab that starts at `slabFirst`. */
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
