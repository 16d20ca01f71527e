import type { Kernel, KernelConstants } from '../common/kernel.ts';
import kernelSource from './kernel.wgsl?raw';

/** Tokens back to a picture. Storage: input, output. Dispatch flat over the output's elements. */
export const unpatchifyKernel: Kernel = {
  name: 'unpatchify',
  op: 'unpatchify',
  source: kernelSource,
  storage: ['read', 'read_write'],
  usesStep: false,
  files: ['unpatchify/kernel.wgsl'],
};

export const unpatchifyVariants: readonly Kernel[] = [unpatchifyKernel];

export function unpatchifyConstants(p: {
  channels: number;
  height: number;
  width: number;
  patch: number;
}): KernelConstants {
  return { CHANNELS: p.channels, HEIGHT: p.height, WIDTH: p.width, PATCH: p.patch };
}

export function unpatchifyParams(count: number): Uint32Array {
  return Uint32Array.of(count);
}
