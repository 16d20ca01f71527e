import { type NoiseFormat, noise } from '@webdit/shaders';

/** Bytes of one piece of noise. */
const pieceBytes = 4 * 2 ** 20;

/** Fills buffers with small numbers, f32 or pairs of halves, or with any bits; a million words of them over and over. */
export function noiseFiller(queue: GPUQueue): (buffer: GPUBuffer, format?: NoiseFormat) => void {
  const pieces = new Map<NoiseFormat, Uint32Array<ArrayBuffer>>();
  return (buffer, format = 'f32') => {
    const piece = pieces.get(format) ?? noise(pieceBytes / 4, format);
    pieces.set(format, piece);
    for (let offset = 0; offset < buffer.size; offset += pieceBytes) {
      queue.writeBuffer(buffer, offset, piece, 0, Math.min(pieceBytes, buffer.size - offset) / 4);
    }
  };
}
