import {
  type DiTConfig,
  ditTensorShapes,
  type IncomingTensor,
  incompleteTensor,
  noPlaceFor,
  type TensorSink,
  WebDiTError,
} from '@webdit/core';

/** A DiT's weights in memory, f32, by original DiT name and shaped as PyTorch stores them. */
export class CpuWeights implements TensorSink {
  readonly tensors: ReadonlyMap<string, Float32Array<ArrayBuffer>>;
  private readonly filled = new Map<string, number>();

  /** @throws WebDiTError `out-of-memory`. */
  constructor(config: DiTConfig) {
    try {
      this.tensors = new Map(
        ditTensorShapes(config).map(({ name, shape }) => [name, new Float32Array(shape.reduce((a, b) => a * b, 1))]),
      );
    } catch (cause) {
      throw new WebDiTError(
        'out-of-memory',
        'The weights of this model do not fit in memory as f32.',
        'Use a smaller model, or a browser with WebGPU.',
        { cause },
      );
    }
  }

  begin({ name, shape, elementOffset, elementCount }: IncomingTensor) {
    const target = this.tensors.get(name);
    if (!target || elementOffset + elementCount > target.length) {
      throw noPlaceFor({ name, shape });
    }
    const bytes = new Uint8Array(target.buffer, 4 * elementOffset, 4 * elementCount);
    return {
      dtype: 'F32' as const,
      write: (piece: Uint8Array, byteOffset: number) => bytes.set(piece, byteOffset),
      end: () => {
        this.filled.set(name, (this.filled.get(name) ?? 0) + elementCount);
      },
    };
  }

  /** @throws WebDiTError `format` naming the first tensor that has not been filled. */
  finish(): void {
    for (const [name, { length }] of this.tensors) {
      const filled = this.filled.get(name) ?? 0;
      if (filled !== length) throw incompleteTensor(name, filled, length);
    }
  }
}
