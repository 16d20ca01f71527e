import { type Kernel, type KernelConstants, maxWorkgroupsPerDimension, type Workgroups } from '../common/kernel.ts';
import stepSource from '../common/step.wgsl?raw';
import kernelSource from './kernel.wgsl?raw';

/** LayerNorm + modulate. Storage: input, modulation table, output. */
export const layerNormKernel: Kernel = {
  name: 'layer_norm',
  op: 'layer_norm',
  source: `${kernelSource}\n${stepSource}`,
  storage: ['read', 'read', 'read_write'],
  usesStep: true,
  files: ['layer_norm/kernel.wgsl', 'common/step.wgsl'],
};

export const layerNormVariants: readonly Kernel[] = [layerNormKernel];

export function layerNormConstants(size: { C: number; epsilon: number }): KernelConstants {
  return { C4: size.C / 4, EPSILON: size.epsilon };
}

/** Offsets and stride of the modulation table in elements, multiples of 4. */
export function layerNormParams(p: {
  rows: number;
  tokens: number;
  shiftOffset: number;
  scaleOffset: number;
  modulationStride: number;
}): Uint32Array {
  return Uint32Array.of(p.rows, p.tokens, p.shiftOffset / 4, p.scaleOffset / 4, p.modulationStride / 4);
}

export function layerNormWorkgroups(rows: number): Workgroups {
  const x = Math.min(rows, maxWorkgroupsPerDimension);
  return [x, Math.ceil(rows / x), 1];
}
