/** Sign and mantissa stay noise; the exponent makes every value one of 1/64 to 1/32, as weights are. */
const shapes = {
  bits: (bits: number) => bits,
  f32: (bits: number) => (bits & 0x807fffff) | 0x3c800000,
  f16: (bits: number) => (bits & 0x83ff83ff) | 0x24002400,
};

/** Any bits, f32 values, or pairs of halves. */
export type NoiseFormat = keyof typeof shapes;

/** Noise of `words` u32, the same every time: GPUs compress what they store where they can, and this they cannot. */
export function noise(words: number, format: NoiseFormat = 'bits'): Uint32Array<ArrayBuffer> {
  const values = new Uint32Array(words);
  const shape = shapes[format];
  let state = 0x9e3779b9;
  for (let i = 0; i < words; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    values[i] = shape(state);
  }
  return values;
}
