export interface SelfAttentionSize {
  readonly batch: number;
  readonly tokens: number;
  readonly heads: number;
  readonly headDim: number;
}

export interface CrossAttentionSize extends SelfAttentionSize {
  readonly keys: number;
}

/** `output` `[batch, tokens, heads, headDim]`; `logSumExp` `[batch, heads, tokens]`, natural log of the scaled scores. */
export interface AttentionResult {
  readonly output: Float64Array;
  readonly logSumExp: Float64Array;
}

/** Multi-head self-attention in f64; `qkv` is `[batch, tokens, 3, heads, headDim]`. */
export function attentionReference(qkv: Float32Array, size: SelfAttentionSize): AttentionResult {
  const { tokens, heads, headDim } = size;
  const row = (b: number, token: number, part: number, h: number) => {
    const start = (((b * tokens + token) * 3 + part) * heads + h) * headDim;
    return qkv.subarray(start, start + headDim);
  };
  const keys = Array.from({ length: tokens }, (_, j) => j);
  return attend(size, {
    keys: () => keys,
    query: (b, h, i) => row(b, i, 0, h),
    key: (b, h, j) => row(b, j, 1, h),
    value: (b, h, j) => row(b, j, 2, h),
  });
}

/**
 * Multi-head cross-attention in f64, over the keys whose `mask` `[batch, keys]` is not 0; `q` is
 * `[batch, tokens, heads, headDim]`, `kv` `[batch, keys, 2, heads, headDim]`.
 */
export function crossAttentionReference(
  q: Float32Array,
  kv: Float32Array,
  mask: Uint32Array,
  size: CrossAttentionSize,
): AttentionResult {
  const { batch, tokens, keys, heads, headDim } = size;
  const row = (from: Float32Array, index: number) => from.subarray(index * headDim, (index + 1) * headDim);
  const seen = Array.from({ length: batch }, (_, b) =>
    Array.from({ length: keys }, (_, j) => j).filter((j) => mask[b * keys + j] !== 0),
  );
  return attend(size, {
    keys: (b) => seen[b] as number[],
    query: (b, h, i) => row(q, (b * tokens + i) * heads + h),
    key: (b, h, j) => row(kv, ((b * keys + j) * 2 + 0) * heads + h),
    value: (b, h, j) => row(kv, ((b * keys + j) * 2 + 1) * heads + h),
  });
}

type Row = (batch: number, head: number, index: number) => Float32Array;

interface Rows {
  readonly query: Row;
  readonly key: Row;
  readonly value: Row;
  /** The keys a batch row sees. */
  readonly keys: (batch: number) => readonly number[];
}

function attend({ batch, tokens, heads, headDim }: SelfAttentionSize, rows: Rows): AttentionResult {
  const output = new Float64Array(batch * tokens * heads * headDim);
  const logSumExp = new Float64Array(batch * heads * tokens);
  for (let b = 0; b < batch; b++) {
    const keys = rows.keys(b);
    for (let h = 0; h < heads; h++) {
      for (let i = 0; i < tokens; i++) {
        const query = rows.query(b, h, i);
        const scores = keys.map((j) => {
          const key = rows.key(b, h, j);
          return query.reduce((sum, v, d) => sum + v * (key[d] as number), 0) / Math.sqrt(headDim);
        });
        const maximum = Math.max(...scores);
        const weights = scores.map((s) => Math.exp(s - maximum));
        const total = weights.reduce((a, w) => a + w, 0);
        logSumExp[(b * heads + h) * tokens + i] = maximum + Math.log(total);
        const out = ((b * tokens + i) * heads + h) * headDim;
        keys.forEach((j, k) => {
          const weight = (weights[k] as number) / total;
          rows.value(b, h, j).forEach((v, d) => {
            output[out + d] = (output[out + d] as number) + weight * v;
          });
        });
      }
    }
  }
  return { output, logSumExp };
}
