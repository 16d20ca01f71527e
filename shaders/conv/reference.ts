/**
 * 3 x 3 convolution with padding 1, in f64, of pixels with their channels together: `[height, width, K]` -> `[height, width, N]`, or twice as
 * wide and high with `upsample`. `weights` as PyTorch stores them: `[N, K, 3, 3]`.
 */
export function convReference(
  input: Float32Array,
  weights: Float32Array,
  bias: Float32Array,
  { height, width, K, N, upsample }: { height: number; width: number; K: number; N: number; upsample: boolean },
): Float64Array {
  const scale = upsample ? 2 : 1;
  const [outHeight, outWidth] = [height * scale, width * scale];
  const out = new Float64Array(outHeight * outWidth * N);
  for (let y = 0; y < outHeight; y++) {
    for (let x = 0; x < outWidth; x++) {
      for (let n = 0; n < N; n++) {
        let sum = bias[n] as number;
        for (let tap = 0; tap < 9; tap++) {
          const [u, v] = [y + Math.floor(tap / 3) - 1, x + (tap % 3) - 1];
          if (u < 0 || v < 0 || u >= outHeight || v >= outWidth) continue;
          const pixel = (Math.floor(u / scale) * width + Math.floor(v / scale)) * K;
          for (let k = 0; k < K; k++) {
            sum += (input[pixel + k] as number) * (weights[(n * K + k) * 9 + tap] as number);
          }
        }
        out[(y * outWidth + x) * N + n] = sum;
      }
    }
  }
  return out;
}
