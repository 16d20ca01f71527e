const f32 = Math.fround;

/**
 * Symmetric int8: a row becomes bytes in 127ths of its largest magnitude, rounded to nearest, as the GPU makes them when it loads
 * f32 weights.
 *
 * @returns that magnitude, the row's scale; 0 for a row of zeros.
 */
export function quantizeRow(row: Float32Array, bytes: Int8Array): number {
  let scale = 0;
  for (let i = 0; i < row.length; i++) scale = Math.max(scale, Math.abs(row[i] as number));
  const inverse = scale === 0 ? 0 : f32(1 / scale);
  // WGSL's pack4x8snorm rounds the way floor(0.5 + x) does.
  for (let i = 0; i < row.length; i++) bytes[i] = Math.floor(0.5 + f32(127 * f32((row[i] as number) * inverse)));
  return scale;
}
