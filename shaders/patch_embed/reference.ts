export interface PatchSize {
  readonly batch: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly patch: number;
  readonly C: number;
}

/** Patch embedding in f64: sample `[batch, channels, height, width]`, weights `[channels * patch^2, C]`, position `[tokens, C]`. */
export function patchEmbedReference(
  sample: Float32Array,
  weights: Float32Array,
  bias: Float32Array,
  position: Float32Array,
  { batch, channels, height, width, patch, C }: PatchSize,
): Float64Array {
  const columns = width / patch;
  const tokens = (height / patch) * columns;
  const out = new Float64Array(batch * tokens * C);
  for (let b = 0; b < batch; b++) {
    for (let token = 0; token < tokens; token++) {
      for (let c = 0; c < C; c++) {
        let sum = (bias[c] as number) + (position[token * C + c] as number);
        for (let channel = 0; channel < channels; channel++) {
          for (let y = 0; y < patch; y++) {
            for (let x = 0; x < patch; x++) {
              const row = Math.floor(token / columns) * patch + y;
              const column = (token % columns) * patch + x;
              const k = (channel * patch + y) * patch + x;
              const pixel = sample[((b * channels + channel) * height + row) * width + column] as number;
              sum += pixel * (weights[k * C + c] as number);
            }
          }
        }
        out[(b * tokens + token) * C + c] = sum;
      }
    }
  }
  return out;
}
