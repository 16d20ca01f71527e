/** tokens `[batch, tokens, patch, patch, channels]` -> `[batch, channels, size, size]`. */
export function unpatchifyReference(
  input: Float32Array,
  { batch, channels, size, patch }: { batch: number; channels: number; size: number; patch: number },
): Float64Array {
  const side = size / patch;
  const out = new Float64Array(batch * channels * size * size);
  let i = 0;
  for (let b = 0; b < batch; b++) {
    for (let token = 0; token < side * side; token++) {
      for (let p = 0; p < patch; p++) {
        for (let q = 0; q < patch; q++) {
          for (let c = 0; c < channels; c++) {
            const y = Math.floor(token / side) * patch + p;
            const x = (token % side) * patch + q;
            out[((b * channels + c) * size + y) * size + x] = input[i++] as number;
          }
        }
      }
    }
  }
  return out;
}
