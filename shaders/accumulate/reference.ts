/** add x values + keep x accumulator in f64; with keep = 0 the accumulator counts for nothing. */
export function accumulateReference(
  values: Float32Array,
  accumulator: Float32Array,
  { add, keep }: { add: number; keep: number },
): Float64Array {
  return Float64Array.from(values, (value, i) => add * value + (keep === 0 ? 0 : keep * (accumulator[i] as number)));
}
