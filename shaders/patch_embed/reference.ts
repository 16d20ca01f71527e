export interface PatchSize {
  readonly batch: number;
  readonly channels: number;
  readonly size: number;
  readonly patch: number;
  readonly C: number;
}

/** Patch embedding in f64: sample `[batch, channels, size, size]`, weights `[channels * patch^2, C]`, position `[tokens, C]`. */
export function patchEmbedReference(
  sample: Float32Array,
  weights: Float32Array,
  bias: Float32Array,
  position: Float32Array,
  { batch, channels, size, patch, C }: PatchSize,
): Float64Array {
  const side = size / patch;
  const out = new Float64Array(batch * side * side * C);
  for (let b = 0; b < batch; b++) {
    for (let token = 0; token < side * side; token++) {
      for (let c = 0; c < C; c++) {
        let sum = (bias[c] as number) + (position[token * C + c] as number);
        for (let channel = 0; channel < channels; channel++) {
          for (let y = 0; y < patch; y++) {
            for (let x = 0; x < patch; x++) {
              const row = Math.floor(token / side) * patch + y;
              const column = (token % side) * patch + x;
              const k = (channel * patch + y) * patch + x;
              const pixel = sample[((b * channels + channel) * size + row) * size + column] as number;
              sum += pixel * (weights[k * C + c] as number);
            }
          }
        }
        out[(b * side * side + token) * C + c] = sum;
      }
    }
  }
  return out;
}
