import { flatWorkgroups, type Kernel } from '../common/kernel.ts';
import copySource from './kernel.copy.wgsl?raw';
import readSource from './kernel.read.wgsl?raw';

const kernel = (name: string, source: string): Kernel => ({
  name: `bandwidth_probe.${name}`,
  op: 'bandwidth_probe',
  source,
  storage: ['read', 'read_write'],
  usesStep: false,
  files: [`bandwidth_probe/kernel.${name}.wgsl`],
});

/** Sums of a buffer. Storage: data, sums. */
export const bandwidthReadKernel = kernel('read', readSource);
/** A copy of a buffer. Storage: data, copy. */
export const bandwidthCopyKernel = kernel('copy', copySource);

export const bandwidthProbeVariants: readonly Kernel[] = [bandwidthReadKernel, bandwidthCopyKernel];

/** Vectors one invocation of the reading kernel adds up. */
const readPerInvocation = 8;

/** The size of the data in vectors of 16 bytes must be a multiple of this. */
export const bandwidthProbeStride = readPerInvocation * 64;

/** Params, workgroups, output elements and bytes moved for `vectors` vectors. */
export function bandwidthProbeCall(kernel: Kernel, vectors: number) {
  const copies = kernel === bandwidthCopyKernel;
  const outputElements = copies ? vectors * 4 : vectors / readPerInvocation;
  return {
    params: Uint32Array.of(vectors),
    workgroups: flatWorkgroups(copies ? vectors : vectors / readPerInvocation),
    outputElements,
    bytes: vectors * 16 + outputElements * 4,
  };
}
