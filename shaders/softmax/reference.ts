/** Softmax of `scale` x the first `count` values of every row, in f64; the others become 0. */
export function softmaxReference(
  values: Float32Array,
  { rows, width, count, scale }: { rows: number; width: number; count: number; scale: number },
): Float64Array {
  const out = new Float64Array(values.length);
  for (let row = 0; row < rows; row++) {
    const from = values.subarray(row * width, row * width + count);
    const largest = from.reduce((top, value) => Math.max(top, value), Number.NEGATIVE_INFINITY);
    const weights = Float64Array.from(from, (value) => Math.exp((value - largest) * scale));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    out.set(
      weights.map((weight) => weight / sum),
      row * width,
    );
  }
  return out;
}
