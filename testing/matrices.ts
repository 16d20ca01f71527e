/** `[rows, K]` -> `[K, rows]`. */
export function transposed(weight: Float32Array, rows: number): Float32Array {
  const K = weight.length / rows;
  return Float32Array.from(weight, (_, i) => weight[(i % rows) * K + Math.floor(i / rows)] as number);
}

/** Columns `from .. from + count` of a matrix with rows of `width`. */
export function columns(matrix: Float32Array, width: number, from: number, count: number): Float32Array {
  const rows = matrix.length / width;
  return Float32Array.from({ length: rows * count }, (_, i) => {
    return matrix[Math.floor(i / count) * width + from + (i % count)] as number;
  });
}

/** The sum of arrays of one length, each times its weight. */
export function weightedSum(values: readonly Float32Array[], weights: readonly number[]): Float32Array {
  return (values[0] as Float32Array).map((_, i) =>
    weights.reduce((sum, weight, back) => sum + weight * (values[back]?.[i] as number), 0),
  );
}
