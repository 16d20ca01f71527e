/** [sum |values - reference|, sum |reference|] in f64. */
export function relativeL1Reference(values: Float32Array, reference: Float32Array): Float64Array {
  const sums = new Float64Array(2);
  for (const [i, value] of reference.entries()) {
    sums[0] = (sums[0] as number) + Math.abs((values[i] as number) - value);
    sums[1] = (sums[1] as number) + Math.abs(value);
  }
  return sums;
}
