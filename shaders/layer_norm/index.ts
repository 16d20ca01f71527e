import { type Kernel, type KernelConstants, maxWorkgroupsPerDimension, type Workgroups } from '../common/kernel.ts';
import stepSource from '../common/step.wgsl?raw';
import kernelSource from './kernel.wgsl?raw';
import allRows from './rows.all.wgsl?raw';
import residualRows from './rows.residual.wgsl?raw';
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

/** hidden += gate x branch, then LayerNorm + modulate of every row. Storage: hidden, modulation table, output, branch. */
export const layerNormResidualKernel: Kernel = {
  name: 'layer_norm.residual',
  op: 'layer_norm',
  source: [kernelSource, residualRows, stepSource].join('\n'),
  storage: ['read_write', 'read', 'read_write', 'read'],
  usesStep: true,
  files: ['layer_norm/kernel.wgsl', 'layer_norm/rows.residual.wgsl', 'common/step.wgsl'],
};

export const layerNormVariants: readonly Kernel[] = [layerNormKernel, layerNormSelectedKernel, layerNormResidualKernel];

export function layerNormConstants(size: { C: number; epsilon: number }): KernelConstants {
  return { C4: size.C / 4, EPSILON: size.epsilon };
}

/** Offsets and strides in elements, multiples of 4. */
export interface LayerNormPlace {
  readonly rows: number;
  readonly tokens: number;
  readonly shiftOffset: number;
  readonly scaleOffset: number;
  readonly modulationStride: number;
}

const place = (p: LayerNormPlace) => [p.rows, p.tokens, p.shiftOffset / 4, p.scaleOffset / 4, p.modulationStride / 4];

export function layerNormParams(p: LayerNormPlace): Uint32Array {
  return Uint32Array.from(place(p));
}

export function layerNormSelectedParams(p: LayerNormPlace & { readonly selected: number }): Uint32Array {
  return Uint32Array.of(...place(p), p.selected);
}

export function layerNormResidualParams(
  p: LayerNormPlace & { readonly gateOffset: number; readonly gateStride: number; readonly branchOffset: number },
): Uint32Array {
  return Uint32Array.of(...place(p), p.gateOffset / 4, p.gateStride / 4, p.branchOffset / 4);
}

export function layerNormWorkgroups(rows: number): Workgroups {
  const x = Math.min(rows, maxWorkgroupsPerDimension);
  return [x, Math.ceil(rows / x), 1];
}
