/** GroupNorm over all pixels, in f64, and SiLU where it is asked for, of `[pixels, channels]`. */
export function groupNormReference(
  input: Float32Array,
  weight: Float32Array,
  bias: Float32Array,
  { groups, epsilon, silu }: { groups: number; epsilon: number; silu: boolean },
): Float64Array {
  const channels = weight.length;
  const size = channels / groups;
  const members = Array.from({ length: groups }, (_, group) =>
    [...input.keys()].filter((i) => Math.floor((i % channels) / size) === group),
  );
  const out = new Float64Array(input.length);
  for (const group of members) {
    let mean = 0;
    for (const i of group) mean += (input[i] as number) / group.length;
    let variance = 0;
    for (const i of group) variance += ((input[i] as number) - mean) ** 2 / group.length;
    for (const i of group) {
      const channel = i % channels;
      const normed = ((input[i] as number) - mean) / Math.sqrt(variance + epsilon);
      const value = normed * (weight[channel] as number) + (bias[channel] as number);
      out[i] = silu ? value / (1 + Math.exp(-value)) : value;
    }
  }
  return out;
}
