/**
 * Bytes of an int8 tensor -> f32: `byte / 127 * scale` of its row. Byte -128 means -1, as it does on the GPU.
 *
 * @param first index of the first of these bytes in the tensor.
 * @param rowLength elements that share a scale.
 */
export function dequantize(
  bytes: Int8Array,
  scales: Float32Array,
  first: number,
  rowLength: number,
  values: Float32Array,
): void {
  let row = Math.floor(first / rowLength);
  let rowEnd = (row + 1) * rowLength - first;
  let scale = scales[row]! / 127;
  for (let i = 0; i < bytes.length; i++) {
    if (i === rowEnd) {
      scale = scales[++row]! / 127;
      rowEnd += rowLength;
    }
    values[i] = Math.max(-127, bytes[i]!) * scale;
  }
}
