import { bytesPerWeight, type MatmulWeights } from '@webdit/shaders';

/**
 * What an op must do at least: FLOPs, and bytes if everything it reads and writes crosses the memory bus once. Activations are
 * f32.
 */
export interface Work {
  readonly flops: number;
  readonly bytes: number;
}

const f32 = 4;

export const addWork = (parts: readonly Work[]): Work => ({
  flops: parts.reduce((sum, { flops }) => sum + flops, 0),
  bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0),
});

export const times = ({ flops, bytes }: Work, count: number): Work => ({ flops: flops * count, bytes: bytes * count });

/** `[rows, K] x [K, N] + bias`. */
export function matmulWork(
  { rows, K, N }: { readonly rows: number; readonly K: number; readonly N: number },
  weights: MatmulWeights,
): Work {
  return { flops: 2 * rows * K * N, bytes: f32 * (rows * K + N + rows * N) + bytesPerWeight[weights] * K * N };
}

/** One batch of token rows: what every op of a block works on. */
export interface Tokens {
  readonly batch: number;
  readonly tokens: number;
  readonly heads: number;
  readonly width: number;
}

const values = ({ batch, tokens, width }: Tokens) => batch * tokens * width;

/** Self-attention with its log-sum-exp: `[batch, tokens, 3, heads, headDim]` -> `[batch, tokens, width]`. */
export function attentionWork(size: Tokens): Work {
  const { batch, tokens, heads } = size;
  return { flops: 4 * values(size) * tokens, bytes: f32 * (4 * values(size) + batch * tokens * heads) };
}

/** Column sums of the attention maps from the log-sum-exp. */
export function attentionScoresWork(size: Tokens): Work {
  const { batch, tokens, heads } = size;
  return { flops: 2 * values(size) * tokens, bytes: f32 * (2 * values(size) + 2 * batch * tokens * heads) };
}

/** LayerNorm and modulate; with a residual it also reads a branch and its gate and writes the token state. */
export function normWork(size: Tokens, residual: boolean): Work {
  const vectors = residual ? 3 : 2;
  return {
    flops: (residual ? 10 : 8) * values(size),
    bytes: f32 * ((residual ? 4 : 2) * values(size) + vectors * size.batch * size.width),
  };
}

/** hidden += gate x cached output, over `entries` outputs. */
export function gatedSumWork(size: Tokens, entries: number): Work {
  const gates = entries * size.batch * size.width;
  return { flops: 2 * entries * values(size), bytes: f32 * ((entries + 2) * values(size) + gates) };
}
