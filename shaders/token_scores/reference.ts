import type { SelfAttentionSize } from '../attention/reference.ts';
import type { CrossEntropySize } from './index.ts';

/** Column sums of the softmax maps in f64, `[batch, heads, tokens]`; `qkv` is `[batch, tokens, 3, heads, headDim]`. */
export function attentionScoresReference(
  qkv: Float32Array,
  { batch, tokens, heads, headDim }: SelfAttentionSize,
): Float64Array {
  const width = heads * headDim;
  const scores = new Float64Array(batch * heads * tokens);
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) {
      for (let i = 0; i < tokens; i++) {
        const logits = Array.from({ length: tokens }, (_, j) => {
          let s = 0;
          for (let d = 0; d < headDim; d++) {
            const q = qkv[((b * tokens + i) * 3 + 0) * width + h * headDim + d] as number;
            const k = qkv[((b * tokens + j) * 3 + 1) * width + h * headDim + d] as number;
            s += (q * k) / Math.sqrt(headDim);
          }
          return s;
        });
        const maximum = Math.max(...logits);
        const total = logits.reduce((sum, s) => sum + Math.exp(s - maximum), 0);
        logits.forEach((s, j) => {
          scores[(b * heads + h) * tokens + j] =
            (scores[(b * heads + h) * tokens + j] as number) + Math.exp(s - maximum) / total;
        });
      }
    }
  }
  return scores;
}

/** L2 norm of each token's value vector over all heads, `[batch, tokens]`. */
export function valueNormReference(
  qkv: Float32Array,
  { batch, tokens, heads, headDim }: SelfAttentionSize,
): Float64Array {
  const width = heads * headDim;
  return Float64Array.from({ length: batch * tokens }, (_, row) =>
    Math.hypot(...qkv.subarray((row * 3 + 2) * width, (row * 3 + 3) * width)),
  );
}

/**
 * offset + entropy of the head-mean map of each query, in f64, `[batch, queries]`; `q` is `[batch, queries, heads, headDim]`, `kv`
 * `[batch, keys, 2, heads, headDim]`, and `mask` `[batch, keys]` hides keys with 0.
 */
export function crossEntropyReference(
  q: Float32Array,
  kv: Float32Array,
  mask: Uint32Array,
  { batch, queries, keys, heads, headDim, offset }: CrossEntropySize,
): Float64Array {
  const width = heads * headDim;
  return Float64Array.from({ length: batch * queries }, (_, row) => {
    const b = Math.floor(row / queries);
    const p = new Float64Array(keys);
    for (let h = 0; h < heads; h++) {
      const weights = Array.from({ length: keys }, (_, j) => {
        if (mask[b * keys + j] === 0) return 0;
        let s = 0;
        for (let d = h * headDim; d < (h + 1) * headDim; d++) {
          s += (q[row * width + d] as number) * (kv[(b * keys + j) * 2 * width + d] as number);
        }
        return Math.exp(s / Math.sqrt(headDim));
      });
      const total = weights.reduce((a, b) => a + b);
      weights.forEach((w, j) => {
        p[j] = (p[j] as number) + w / total / heads;
      });
    }
    return offset - p.reduce((sum, v) => sum + v * Math.log(v + 1e-7), 0);
  });
}
