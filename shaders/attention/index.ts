import type { Kernel, Workgroups } from '../common/kernel.ts';
import kernelSource from './kernel.wgsl?raw';

/** Largest head dim whose key and value tiles fit 16 KiB of workgroup memory. */
export const maxHeadDim = 128;

/** Self-attention for one head dim (a multiple of 4, at most 128). Storage: qkv, output, log-sum-exp. */
export function attentionKernel(headDim: number): Kernel {
  return {
    name: `attention.d${headDim}`,
    op: 'attention',
    source: `const HEAD_DIM4: u32 = ${headDim / 4};\n${kernelSource}`,
    storage: ['read', 'read_write', 'read_write'],
    usesStep: false,
    files: ['attention/kernel.wgsl'],
  };
}

export const attentionVariants: readonly Kernel[] = [16, 24, 36, 64, 72, 128].map(attentionKernel);

export function attentionParams(p: { tokens: number; heads: number; headDim: number }): Uint32Array {
  const params = new Uint32Array(3);
  params[0] = p.tokens;
  params[1] = p.heads;
  new Float32Array(params.buffer)[2] = 1 / Math.sqrt(p.headDim);
  return params;
}

export function attentionWorkgroups(p: { batch: number; tokens: number; heads: number }): Workgroups {
  return [Math.ceil(p.tokens / 64), p.heads, p.batch];
}
