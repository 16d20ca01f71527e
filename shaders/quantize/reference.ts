/**
 * Symmetric int8 per output channel: `[rows, K]` -> the scale of each row, its largest magnitude, and bytes `[rows, K]` in
 * 127ths of it, rounded to nearest. A row of zeros has scale 0.
 */
export function quantizeReference(
  input: Float32Array,
  { rows, K }: { rows: number; K: number },
): { scale: Float32Array; bytes: Int8Array } {
  const scale = Float32Array.from({ length: rows }, (_, r) =>
    input.subarray(r * K, (r + 1) * K).reduce((largest, value) => Math.max(largest, Math.abs(value)), 0),
  );
  const bytes = Int8Array.from(input, (value, i) => {
    const of = scale[Math.floor(i / K)] as number;
    return of === 0 ? 0 : Math.round((127 * value) / of);
  });
  return { scale, bytes };
}
