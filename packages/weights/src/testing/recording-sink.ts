import type { IncomingTensor, TensorSink } from '@webdit/core';

/** A tensor as a `RecordingSink` received it. */
export interface RecordedTensor {
  readonly shape: readonly number[];
  /** The whole target tensor, `shape`'s elements in the sink's dtype; zero where nothing was written. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Incoming parts, in order of arrival. */
  readonly parts: readonly IncomingTensor[];
}

/** Keeps what it is fed, by canonical name, and refuses what a GPU sink could not take. */
export class RecordingSink implements TensorSink {
  readonly tensors = new Map<string, RecordedTensor>();
  /** Bytes of the largest single write. */
  largestWrite = 0;
  /** Parts whose `end` was called. */
  ended = 0;

  constructor(readonly dtype: 'F32' | 'F16' = 'F32') {}

  begin(part: IncomingTensor) {
    const size = this.dtype === 'F32' ? 4 : 2;
    const known = this.tensors.get(part.name);
    const bytes = known?.bytes ?? new Uint8Array(part.shape.reduce((n, d) => n * d, size));
    this.tensors.set(part.name, { shape: part.shape, bytes, parts: [...(known?.parts ?? []), part] });
    const length = part.elementCount * size;
    let next = 0;
    return {
      dtype: this.dtype,
      write: async (piece: Uint8Array, byteOffset: number) => {
        if (byteOffset !== next) throw new Error(`${part.name}: write at ${byteOffset} after ${next}`);
        next += piece.length;
        if (byteOffset % 4 !== 0 || (piece.length % 4 !== 0 && next !== length)) {
          throw new Error(`${part.name}: unaligned write of ${piece.length} bytes at ${byteOffset}`);
        }
        // The reader may reuse the piece only after this resolves.
        await Promise.resolve();
        bytes.set(piece, part.elementOffset * size + byteOffset);
        this.largestWrite = Math.max(this.largestWrite, piece.length);
      },
      end: () => {
        if (next !== length) throw new Error(`${part.name}: ${next} bytes of ${length}`);
        this.ended++;
      },
    };
  }

  /** The elements of a tensor of an F32 sink. */
  floats(name: string): Float32Array<ArrayBuffer> {
    const tensor = this.tensors.get(name);
    if (!tensor) throw new Error(`${name} was not written`);
    return new Float32Array(tensor.bytes.buffer);
  }
}
