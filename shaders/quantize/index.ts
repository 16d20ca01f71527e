import { foldedWorkgroups, type Kernel, type Workgroups } from '../common/kernel.ts';
import source from './kernel.wgsl?raw';

/** Weight upload `[rows, K]` f32 -> `[K, N]` int8. Storage: input, output, bias and scale `[2, N]`. Params: `transposeParams`. */
export const quantizeKernel: Kernel = {
  name: 'quantize',
  op: 'quantize',
  source,
  storage: ['read', 'read_write', 'read_write'],
  usesStep: false,
  files: ['quantize/kernel.wgsl'],
};

export const quantizeVariants: readonly Kernel[] = [quantizeKernel];

export function quantizeWorkgroups(rows: number): Workgroups {
  return foldedWorkgroups(rows / 4);
}
