import type { Kernel, KernelConstants } from '../common/kernel.ts';
import kernelSource from './kernel.wgsl?raw';

/** Patchify + linear + position. Storage: sample, weights, bias, position, output. Dispatch flat over rows x C / 4. */
export const patchEmbedKernel: Kernel = {
  name: 'patch_embed',
  op: 'patch_embed',
  source: kernelSource,
  storage: ['read', 'read', 'read', 'read', 'read_write'],
  usesStep: false,
  files: ['patch_embed/kernel.wgsl'],
};

export const patchEmbedVariants: readonly Kernel[] = [patchEmbedKernel];

export function patchEmbedConstants(p: {
  C: number;
  channels: number;
  height: number;
  width: number;
  patch: number;
}): KernelConstants {
  return { C4: p.C / 4, CHANNELS: p.channels, HEIGHT: p.height, WIDTH: p.width, PATCH: p.patch };
}

/** `sampleStride` in elements; 0 when all batch rows read the same latents. */
export function patchEmbedParams(rows: number, sampleStride: number): Uint32Array {
  return Uint32Array.of(rows, sampleStride);
}
