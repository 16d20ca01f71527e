import type { Kernel } from '../common/kernel.ts';
import attentionSource from './kernel.attention.wgsl?raw';
import valueNormSource from './kernel.value-norm.wgsl?raw';

/** Attention received per head. Storage: qkv, log-sum-exp, scores. Params and workgroups are those of attention. */
export function attentionScoresKernel(headDim: number): Kernel {
  return {
    name: `token_scores.attention.d${headDim}`,
    op: 'token_scores',
    source: `const HEAD_DIM4: u32 = ${headDim / 4};\n${attentionSource}`,
    storage: ['read', 'read', 'read_write'],
    usesStep: false,
    files: ['token_scores/kernel.attention.wgsl'],
  };
}

/** Value norms. Storage: qkv, scores. Dispatch flat over batch x tokens. */
export const valueNormKernel: Kernel = {
  name: 'token_scores.value-norm',
  op: 'token_scores',
  source: valueNormSource,
  storage: ['read', 'read_write'],
  usesStep: false,
  files: ['token_scores/kernel.value-norm.wgsl'],
};

export const tokenScoresVariants: readonly Kernel[] = [
  ...[16, 24, 36, 64, 72].map(attentionScoresKernel),
  valueNormKernel,
];

export function valueNormParams(p: { rows: number; width: number }): Uint32Array {
  return Uint32Array.of(p.rows, p.width / 4);
}
