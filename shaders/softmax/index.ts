import { foldedWorkgroups, type Kernel, type Workgroups, wgslModule } from '../common/kernel.ts';
import reduceSource from '../common/reduce.wgsl?raw';
import kernelSource from './kernel.wgsl?raw';

/** Softmax of scaled rows, in place. Storage: values. */
export const softmaxKernel: Kernel = {
  name: 'softmax',
  op: 'softmax',
  source: wgslModule([kernelSource, reduceSource]),
  storage: ['read_write'],
  usesStep: false,
  files: ['softmax/kernel.wgsl', 'common/reduce.wgsl'],
};

export const softmaxVariants: readonly Kernel[] = [softmaxKernel];

/** @param p.width of a row, a multiple of 4; those of its values behind the first `count` become 0. */
export function softmaxParams(p: { rows: number; width: number; count: number; scale: number }): Uint32Array {
  const params = Uint32Array.of(p.rows, p.width / 4, p.count, 0);
  new Float32Array(params.buffer)[3] = p.scale;
  return params;
}

export function softmaxWorkgroups(rows: number): Workgroups {
  return foldedWorkgroups(rows);
}
