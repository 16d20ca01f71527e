export interface AttentionSize {
  readonly batch: number;
  readonly tokens: number;
  readonly heads: number;
  readonly headDim: number;
}

/**
 * Multi-head self-attention in f64. `qkv` is `[batch, tokens, 3, heads, headDim]`; `output` is
 * `[batch, tokens, heads, headDim]` and `logSumExp` `[batch, heads, tokens]`, natural log of the scaled scores.
 */
export function attentionReference(
  qkv: Float32Array,
  { batch, tokens, heads, headDim }: AttentionSize,
): { output: Float64Array; logSumExp: Float64Array } {
  const width = heads * headDim;
  const output = new Float64Array(batch * tokens * width);
  const logSumExp = new Float64Array(batch * heads * tokens);
  const at = (b: number, token: number, part: number, h: number, d: number) =>
    qkv[((b * tokens + token) * 3 + part) * width + h * headDim + d] as number;
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) {
      for (let i = 0; i < tokens; i++) {
        const scores = Array.from({ length: tokens }, (_, j) => {
          let s = 0;
          for (let d = 0; d < headDim; d++) s += at(b, i, 0, h, d) * at(b, j, 1, h, d);
          return s / Math.sqrt(headDim);
        });
        const maximum = Math.max(...scores);
        const weights = scores.map((s) => Math.exp(s - maximum));
        const total = weights.reduce((a, w) => a + w, 0);
        logSumExp[(b * heads + h) * tokens + i] = maximum + Math.log(total);
        for (let d = 0; d < headDim; d++) {
          let v = 0;
          for (let j = 0; j < tokens; j++) v += ((weights[j] as number) / total) * at(b, j, 2, h, d);
          output[(b * tokens + i) * width + h * headDim + d] = v;
        }
      }
    }
  }
  return { output, logSumExp };
}
