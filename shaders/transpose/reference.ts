/** `[rows, K]` -> columns `column .. column + rows` of `[K, N]`; the other columns stay 0. Works on values, raw halves or bytes. */
export function transposeReference<T extends Float32Array | Uint16Array | Uint8Array>(
  input: T,
  output: T,
  { rows, K, N, column }: { rows: number; K: number; N: number; column: number },
): T {
  for (let r = 0; r < rows; r++) {
    for (let k = 0; k < K; k++) output[k * N + column + r] = input[r * K + k] as number;
  }
  return output;
}
