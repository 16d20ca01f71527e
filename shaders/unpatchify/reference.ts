/** tokens `[batch, tokens, patch, patch, channels]` -> `[batch, channels, height, width]`. */
export function unpatchifyReference(
  input: Float32Array,
  { batch, channels, height, width, patch }: Record<'batch' | 'channels' | 'height' | 'width' | 'patch', number>,
): Float64Array {
  const columns = width / patch;
  const tokens = (height / patch) * columns;
  const out = new Float64Array(batch * channels * height * width);
  let i = 0;
  for (let b = 0; b < batch; b++) {
    for (let token = 0; token < tokens; token++) {
      for (let p = 0; p < patch; p++) {
        for (let q = 0; q < patch; q++) {
          for (let c = 0; c < channels; c++) {
            const y = Math.floor(token / columns) * patch + p;
            const x = (token % columns) * patch + q;
            out[((b * channels + c) * height + y) * width + x] = input[i++] as number;
          }
        }
      }
    }
  }
  return out;
}
