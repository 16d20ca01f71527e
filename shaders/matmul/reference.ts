export type Activation = 'none' | 'gelu' | 'silu';

/** f64 value of an activation; GELU in its tanh form, as DiT uses it. */
export function activate(value: number, activation: Activation): number {
  if (activation === 'gelu') {
    return 0.5 * value * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (value + 0.044715 * value ** 3)));
  }
  return activation === 'silu' ? value / (1 + Math.exp(-value)) : value;
}

/** input [rows, K] x weights [K, N] + bias [N] in f64. */
export function matmulReference(
  input: Float32Array,
  weights: Float32Array,
  bias: Float32Array,
  { rows, K, N, activation = 'none' }: { rows: number; K: number; N: number; activation?: Activation },
): Float64Array {
  const out = new Float64Array(rows * N);
  const sums = new Float64Array(N);
  // Each sum goes through K in order; along the rows of the weights it does so several times faster.
  for (let m = 0; m < rows; m++) {
    sums.set(bias);
    for (let k = 0; k < K; k++) {
      const value = input[m * K + k] as number;
      for (let n = 0; n < N; n++) sums[n] = (sums[n] as number) + value * (weights[k * N + n] as number);
    }
    for (let n = 0; n < N; n++) out[m * N + n] = activate(sums[n] as number, activation);
  }
  return out;
}
