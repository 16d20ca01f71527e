/** SiLU(time embedding + label embedding), or the sum itself, per (time row, label) pair, in f64; result `[pairs, C]`. */
export function conditionReference(
  timeEmbedding: Float32Array,
  labelTable: Float32Array,
  pairs: readonly (readonly [timeRow: number, label: number])[],
  C: number,
  activation: 'silu' | 'none' = 'silu',
): Float64Array {
  const out = new Float64Array(pairs.length * C);
  pairs.forEach(([timeRow, label], r) => {
    for (let c = 0; c < C; c++) {
      const v = (timeEmbedding[timeRow * C + c] as number) + (labelTable[label * C + c] as number);
      out[r * C + c] = activation === 'silu' ? v / (1 + Math.exp(-v)) : v;
    }
  });
  return out;
}
