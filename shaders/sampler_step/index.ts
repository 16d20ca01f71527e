import type { Kernel, KernelConstants } from '../common/kernel.ts';
import stepSource from '../common/step.wgsl?raw';
import kernelSource from './kernel.wgsl?raw';

/** CFG + linear sampler update. Storage: prediction, latents and x0 (in place), noise. Dispatch flat over the latents. */
export const samplerStepKernel: Kernel = {
  name: 'sampler_step',
  op: 'sampler_step',
  source: `${kernelSource}\n${stepSource}`,
  storage: ['read', 'read_write', 'read_write', 'read'],
  usesStep: true,
  files: ['sampler_step/kernel.wgsl', 'common/step.wgsl'],
};

export const samplerStepVariants: readonly Kernel[] = [samplerStepKernel];

export function samplerStepConstants(p: { plane: number; modelChannels: number }): KernelConstants {
  return { PLANE: p.plane, ROW_STRIDE: p.modelChannels * p.plane };
}

export function samplerStepParams(count: number, batch: number): Uint32Array {
  return Uint32Array.of(count, batch);
}
