/** LayerNorm without affine weights, then `* (1 + scale) + shift`, in f64. `scale` and `shift` are `[batch, C]`. */
export function layerNormReference(
  input: Float32Array,
  scale: Float32Array,
  shift: Float32Array,
  { rows, C, tokens, epsilon }: { rows: number; C: number; tokens: number; epsilon: number },
): Float64Array {
  const out = new Float64Array(rows * C);
  for (let r = 0; r < rows; r++) {
    const x = input.subarray(r * C, (r + 1) * C);
    let mean = 0;
    for (const v of x) mean += v / C;
    let variance = 0;
    for (const v of x) variance += (v - mean) ** 2 / C;
    const inverse = 1 / Math.sqrt(variance + epsilon);
    const table = Math.floor(r / tokens) * C;
    for (let c = 0; c < C; c++) {
      out[r * C + c] =
        ((x[c] as number) - mean) * inverse * (1 + (scale[table + c] as number)) + (shift[table + c] as number);
    }
  }
  return out;
}
