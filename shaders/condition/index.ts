import type { Kernel, KernelConstants } from '../common/kernel.ts';
import stepSource from '../common/step.wgsl?raw';
import kernelSource from './kernel.wgsl?raw';

/** Time + label embedding, with or without SiLU. Storage: time embedding, label table, (time row, label) pairs, output. */
export const conditionKernel: Kernel = {
  name: 'condition',
  op: 'condition',
  source: `${kernelSource}\n${stepSource}`,
  storage: ['read', 'read', 'read', 'read_write'],
  usesStep: true,
  files: ['condition/kernel.wgsl', 'common/step.wgsl'],
};

export const conditionVariants: readonly Kernel[] = [conditionKernel];

export function conditionConstants(C: number, activation: 'silu' | 'none' = 'silu'): KernelConstants {
  return { C4: C / 4, ACTIVATES: Number(activation === 'silu') };
}

/** `labels` rows of the label table, from that of `firstLabel` on. */
export function conditionParams(
  rows: number,
  { firstLabel, labels }: { readonly firstLabel: number; readonly labels: number },
): Uint32Array {
  return Uint32Array.of(rows, firstLabel, labels);
}
