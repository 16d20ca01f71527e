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

/** Positions of a grid, row-major. */
export interface PositionGrid {
  readonly rows: number;
  readonly columns: number;
  /**
   * Side of the grid the model was trained on: other grids are stretched to it, and then divided by `scale`. Without it positions
   * are indices.
   */
  readonly trained?: { readonly side: number; readonly scale: number };
}

/**
 * DiT's fixed 2-D position table, row-major tokens. The first half of the width comes from the column, the second from the row;
 * each half is `[sin, cos]` with `f_k = 10000^(-k / (width / 4))`.
 *
 * @param width a multiple of 4.
 * @returns `[rows * columns, width]`.
 */
export function positionEmbedding({ rows, columns, trained }: PositionGrid, width: number): Float32Array<ArrayBuffer> {
  const half = width / 2;
  const out = new Float32Array(rows * columns * width);
  const across = axisEmbedding(columns, half, trained);
  const down = axisEmbedding(rows, half, trained);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const base = (row * columns + column) * width;
      out.set(across.subarray(column * half, (column + 1) * half), base);
      out.set(down.subarray(row * half, (row + 1) * half), base + half);
    }
  }
  return out;
}

/** `[sin, cos]` of every position along one axis: `[length, width]`. */
function axisEmbedding(length: number, width: number, trained: PositionGrid['trained']): Float32Array {
  const half = width / 2;
  const out = new Float32Array(length * width);
  for (let index = 0; index < length; index++) {
    const place = trained ? (index * trained.side) / length / trained.scale : index;
    for (let k = 0; k < half; k++) {
      const angle = place * (1 / 10000 ** (k / half));
      out[index * width + k] = Math.sin(angle);
      out[index * width + half + k] = Math.cos(angle);
    }
  }
  return out;
}
