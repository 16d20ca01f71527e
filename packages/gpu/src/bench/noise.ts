/** Bytes of one piece of noise. */
const pieceBytes = 4 * 2 ** 20;

/** Noise by the bit: GPUs compress what they store where they can. */
export function incompressible(elements: number): Uint32Array<ArrayBuffer> {
  const values = new Uint32Array(elements);
  let state = 0x9e3779b9;
  for (let i = 0; i < elements; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    values[i] = state;
  }
  return values;
}

/** Sign and mantissa stay noise; the exponent makes every value one of 1/64 to 1/32, as weights are. */
const shaped = {
  f32: (bits: number) => (bits & 0x807fffff) | 0x3c800000,
  f16: (bits: number) => (bits & 0x83ff83ff) | 0x24002400,
};

/** Fills buffers with small numbers, f32 or pairs of halves; a million of them over and over. */
export function noiseFiller(queue: GPUQueue): (buffer: GPUBuffer, format?: keyof typeof shaped) => void {
  const bits = incompressible(pieceBytes / 4);
  const pieces = { f32: bits.map(shaped.f32), f16: bits.map(shaped.f16) };
  return (buffer, format = 'f32') => {
    for (let offset = 0; offset < buffer.size; offset += pieceBytes) {
      const bytes = Math.min(pieceBytes, buffer.size - offset);
      queue.writeBuffer(buffer, offset, pieces[format], 0, bytes / 4);
    }
  };
}
