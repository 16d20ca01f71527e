import { type TransformerConfig, tokenCount } from '@webdit/core';
import type { MatmulSize } from '@webdit/shaders';
import type { AttentionShape } from '../tiling.ts';
import { matmulRowBounds } from './matmul.ts';

/** Rows of a picture with classifier-free guidance. */
const guided = 2;
const usualSteps = 50;
/** The usual share of the tokens that a selective step recomputes. */
const usualRatio = 0.07;

/** The self-attention of a DiT's full step. */
export function ditAttentionSize(config: TransformerConfig): AttentionShape {
  const { hiddenSize, numHeads: heads } = config;
  return { batch: guided, tokens: tokenCount(config), heads, headDim: hiddenSize / heads };
}

/** The matmul sizes of a DiT outside its blocks: time embedding and final layer. */
export function ditOuterMatmulSizes(config: TransformerConfig): MatmulSize[] {
  const { hiddenSize: C, frequencyEmbeddingSize, patchSize, outChannels } = config;
  const final = [guided, 1].map((batch) => ({
    rows: batch * tokenCount(config),
    K: C,
    N: patchSize ** 2 * outChannels,
  }));
  return [{ rows: usualSteps, K: frequencyEmbeddingSize, N: C }, { rows: usualSteps, K: C, N: C }, ...final];
}

/**
 * The matmul sizes of a DiT's runs, by what they cost in a usual one: full steps, selective steps, pictures without guidance,
 * and the modulation table.
 */
export function ditMatmulSizes(config: TransformerConfig): MatmulSize[] {
  const { hiddenSize: C, mlpHiddenSize } = config;
  const tokens = tokenCount(config);
  const mlp = (rows: number): MatmulSize[] => [
    { rows, K: C, N: mlpHiddenSize },
    { rows, K: mlpHiddenSize, N: C },
  ];
  const block = (rows: number): MatmulSize[] => [...mlp(rows), { rows, K: C, N: 3 * C }, { rows, K: C, N: C }];
  const selective = [guided * Math.max(1, Math.floor(usualRatio * tokens)), ...matmulRowBounds];
  return [
    ...block(guided * tokens),
    ...selective.filter((rows) => rows <= guided * tokens).flatMap(mlp),
    ...block(tokens),
    ...[guided * usualSteps, guided].map((rows) => ({ rows, K: C, N: 6 * C })),
  ];
}
