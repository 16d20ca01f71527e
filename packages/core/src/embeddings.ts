/**
 * Sinusoidal timestep embedding, in f64 rounded once to f32: `[cos(t f_k), sin(t f_k)]`, `f_k = exp(-ln(10000) k / divisor)`.
 *
 * @param timesteps may be fractional.
 * @param size even length of one embedding.
 * @param divisor `size / 2` in the original DiT, one less in diffusers' DiT.
 * @returns `[timesteps.length, size]`.
 */
export function timestepEmbedding(timesteps: readonly number[], size: number, divisor: number): Float32Array {
  const half = size / 2;
  const out = new Float32Array(timesteps.length * size);
  for (const [row, t] of timesteps.entries()) {
    for (let k = 0; k < half; k++) {
      const angle = t * Math.exp((-Math.log(10000) * k) / divisor);
      out[row * size + k] = Math.cos(angle);
      out[row * size + half + k] = Math.sin(angle);
    }
  }
  return out;
}

/**
 * DiT's fixed 2-D position table for a square grid, row-major tokens. The first half of the width comes from the column,
 * the second from the row; each half is `[sin, cos]` with `f_k = 10000^(-k / (width / 4))`.
 *
 * @param width a multiple of 4.
 * @returns `[gridSize * gridSize, width]`.
 */
export function positionEmbedding(gridSize: number, width: number): Float32Array {
  const quarter = width / 4;
  const out = new Float32Array(gridSize * gridSize * width);
  for (let row = 0; row < gridSize; row++) {
    for (let column = 0; column < gridSize; column++) {
      const base = (row * gridSize + column) * width;
      for (let k = 0; k < quarter; k++) {
        const frequency = 1 / 10000 ** (k / quarter);
        out[base + k] = Math.sin(column * frequency);
        out[base + quarter + k] = Math.cos(column * frequency);
        out[base + 2 * quarter + k] = Math.sin(row * frequency);
        out[base + 3 * quarter + k] = Math.cos(row * frequency);
      }
    }
  }
  return out;
}
