import { type Kernel, type KernelConstants, maxWorkgroupsPerDimension, type Workgroups } from '../common/kernel.ts';
import stepSource from '../common/step.wgsl?raw';
import kernelSource from './kernel.wgsl?raw';
import allRows from './rows.all.wgsl?raw';
import selectedRows from './rows.selected.wgsl?raw';

/** LayerNorm + modulate of every row. Storage: input, modulation table, output. */
export const layerNormKernel: Kernel = {
  name: 'layer_norm.all',
  op: 'layer_norm',
  source: [kernelSource, allRows, stepSource].join('\n'),
  storage: ['read', 'read', 'read_write'],
  usesStep: true,
  files: ['layer_norm/kernel.wgsl', 'layer_norm/rows.all.wgsl', 'common/step.wgsl'],
};

/** LayerNorm + modulate of the selected tokens, gathered. Storage: input, modulation table, output, token ids. */
export const layerNormSelectedKernel: Kernel = {
  name: 'layer_norm.selected',
  op: 'layer_norm',
  source: [kernelSource, selectedRows, stepSource].join('\n'),
  storage: ['read', 'read', 'read_write', 'read'],
  usesStep: true,
  files: ['layer_norm/kernel.wgsl', 'layer_norm/rows.selected.wgsl', 'common/step.wgsl'],
};

export const layerNormVariants: readonly Kernel[] = [layerNormKernel, layerNormSelectedKernel];

export function layerNormConstants(size: { C: number; epsilon: number }): KernelConstants {
  return { C4: size.C / 4, EPSILON: size.epsilon };
}

/** Offsets and stride of the modulation table in elements, multiples of 4; `selected` for the gathering variant only. */
export function layerNormParams(p: {
  rows: number;
  tokens: number;
  shiftOffset: number;
  scaleOffset: number;
  modulationStride: number;
  selected?: number;
}): Uint32Array {
  const stride = p.modulationStride / 4;
  return Uint32Array.of(p.rows, p.tokens, p.shiftOffset / 4, p.scaleOffset / 4, stride, p.selected ?? 0);
}

export function layerNormWorkgroups(rows: number): Workgroups {
  const x = Math.min(rows, maxWorkgroupsPerDimension);
  return [x, Math.ceil(rows / x), 1];
}
