import type { AttentionPart, AttentionSize } from '../attention/index.ts';
import { wgslConstants } from '../common/constants.ts';
import { foldedWorkgroups, type Kernel, type Workgroups } from '../common/kernel.ts';
import { unroll } from '../common/unroll.ts';
import attentionSource from './kernel.attention.wgsl?raw';
import crossEntropySource from './kernel.cross-entropy.wgsl?raw';
import valueNormSource from './kernel.value-norm.wgsl?raw';

/** Keys of an invocation, fours of queries in a block, invocations of a workgroup. */
const keys = 4;
const blocks = 4;
const lanes = 16;

/** Attention received per head, for one head dim (a multiple of 4). Storage: qkv, log-sum-exp, scores. Params: `attentionParams`. */
export function attentionScoresKernel(headDim: number): Kernel {
  const constants = { HEAD_DIM4: headDim / 4, KEYS: keys, BLOCKS: blocks, LANES: lanes };
  return {
    name: `token_scores.attention.d${headDim}`,
    op: 'token_scores',
    source: `${wgslConstants(constants)}\n${unroll(attentionSource, { b: blocks, k: keys })}`,
    storage: ['read', 'read', 'read_write'],
    usesStep: false,
    files: ['token_scores/kernel.attention.wgsl'],
  };
}

/** Workgroups of a whole pass. */
export function attentionScoresGroups({ batch, tokens, heads }: AttentionSize): number {
  return Math.ceil(tokens / (keys * lanes)) * heads * batch;
}

/** One dispatch: the workgroups from `first`, all that are left or `count` of them. */
export function attentionScoresWorkgroups({ first = 0, count, ...size }: AttentionSize & AttentionPart): Workgroups {
  return [count ?? attentionScoresGroups(size) - first, 1, 1];
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

/**
 * Entropy of each token's cross-attention. Storage: q, kv, mask, log-sum-exp, ids, scores. Dispatch by `crossEntropyWorkgroups`.
 */
export const crossEntropyKernel: Kernel = {
  name: 'token_scores.cross-entropy',
  op: 'token_scores',
  source: crossEntropySource,
  storage: ['read', 'read', 'read', 'read', 'read', 'read_write'],
  usesStep: false,
  files: ['token_scores/kernel.cross-entropy.wgsl'],
};

export const tokenScoresVariants: readonly Kernel[] = [
  ...[16, 24, 36, 64, 72, 128].map(attentionScoresKernel),
  valueNormKernel,
  crossEntropyKernel,
];

export interface CrossEntropySize {
  readonly batch: number;
  /** Queries of a batch row: all tokens, or the chosen ones. */
  readonly queries: number;
  /** Tokens of a batch row. */
  readonly tokens: number;
  readonly keys: number;
  readonly heads: number;
  readonly headDim: number;
  /** Added to every entropy. */
  readonly offset: number;
}

export function crossEntropyParams(p: CrossEntropySize): Uint32Array {
  const params = Uint32Array.of(p.queries, p.keys, p.heads, 0, p.headDim / 4, p.batch, p.tokens, 0);
  const floats = new Float32Array(params.buffer);
  floats[3] = 1 / Math.sqrt(p.headDim);
  floats[7] = p.offset;
  return params;
}

export function crossEntropyWorkgroups({ batch, queries }: Pick<CrossEntropySize, 'batch' | 'queries'>): Workgroups {
  return foldedWorkgroups(Math.ceil((batch * queries) / 16));
}

export function valueNormParams(p: { rows: number; width: number }): Uint32Array {
  return Uint32Array.of(p.rows, p.width / 4);
}
