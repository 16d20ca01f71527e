import type { IncomingTensor, TensorDType, TensorShape, TensorSink, TensorWriter } from '@webdit/core';
import { scalesOf } from '../layouts/tensor-map.ts';
import { dtypeBytes, elementCount } from '../safetensors/dtypes.ts';
import type { PlannedTensor, TensorFile } from '../write/tensor-file.ts';
import { quantizeRow } from './quantize.ts';

/** What weights can be stored as. */
export type StoredDType = 'f32' | 'f16' | 'int8';

/** The tensors of a file that holds these as `dtype`. With int8 those it is for are I8 with scales, the rest F16. */
export function plannedTensors(tensors: readonly TensorShape[], dtype: StoredDType): PlannedTensor[] {
  return tensors.flatMap(({ name, shape, int8 }): PlannedTensor[] => {
    if (dtype !== 'int8' || !int8) return [{ name, shape, dtype: dtype === 'f32' ? 'F32' : 'F16' }];
    return [
      { name, shape, dtype: 'I8' },
      { name: scalesOf(name), shape: shape.slice(0, 1), dtype: 'F32' },
    ];
  });
}

/** Writes weights into a file of `plannedTensors`. Tensors that are not planned are left out. */
export class FileSink implements TensorSink {
  readonly #file: TensorFile;
  readonly #dtypes: ReadonlyMap<string, TensorDType>;

  constructor(file: TensorFile, planned: readonly PlannedTensor[]) {
    this.#file = file;
    this.#dtypes = new Map(planned.map(({ name, dtype }) => [name, dtype]));
  }

  begin(tensor: IncomingTensor): TensorWriter {
    const dtype = this.#dtypes.get(tensor.name);
    if (dtype === undefined) return { dtype: 'F32', write() {}, end() {} };
    if (dtype !== 'I8') return this.#plainWriter(tensor, dtype as 'F32' | 'F16');
    return tensor.scales ? this.#byteWriter(tensor, tensor.scales) : new RowWriter(tensor, this.#file);
  }

  #plainWriter({ name, elementOffset }: IncomingTensor, dtype: 'F32' | 'F16' | 'I8'): TensorWriter {
    const start = elementOffset * dtypeBytes[dtype];
    return {
      dtype,
      write: (bytes, byteOffset) => this.#file.write(name, start + byteOffset, bytes),
      end() {},
    };
  }

  /** What is int8 already is kept. */
  #byteWriter(tensor: IncomingTensor, scales: Float32Array): TensorWriter {
    const row = tensor.elementOffset / rowLength(tensor);
    return {
      ...this.#plainWriter(tensor, 'I8'),
      end: () => this.#file.write(scalesOf(tensor.name), 4 * row, bytesOf(scales)),
    };
  }
}

/** Makes bytes of f32, a row at a time. */
class RowWriter implements TensorWriter {
  readonly dtype = 'F32';
  readonly #tensor: IncomingTensor;
  readonly #file: TensorFile;
  readonly #row: Float32Array;
  readonly #rowBytes: Uint8Array;
  #filled = 0;
  /** The rows of this part, made into bytes, and their scales: a quarter of an f32 tensor. */
  readonly #quantized: Int8Array;
  readonly #scales: Float32Array;
  #rows = 0;

  constructor(tensor: IncomingTensor, file: TensorFile) {
    const length = rowLength(tensor);
    this.#tensor = tensor;
    this.#file = file;
    this.#row = new Float32Array(length);
    this.#rowBytes = bytesOf(this.#row);
    this.#scales = new Float32Array(tensor.elementCount / length);
    this.#quantized = new Int8Array(tensor.elementCount);
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let start = 0; start < bytes.length; ) {
      const part = bytes.subarray(start, start + this.#rowBytes.length - this.#filled);
      this.#rowBytes.set(part, this.#filled);
      this.#filled += part.length;
      start += part.length;
      if (this.#filled === this.#rowBytes.length) this.#quantize();
    }
  }

  async end(): Promise<void> {
    const { name, elementOffset } = this.#tensor;
    const row = elementOffset / this.#row.length;
    await this.#file.write(name, elementOffset, bytesOf(this.#quantized));
    await this.#file.write(scalesOf(name), 4 * row, bytesOf(this.#scales));
  }

  #quantize(): void {
    const { length } = this.#row;
    const start = this.#rows * length;
    this.#scales[this.#rows++] = quantizeRow(this.#row, this.#quantized.subarray(start, start + length));
    this.#filled = 0;
  }
}

function rowLength({ shape }: IncomingTensor): number {
  return elementCount(shape.slice(1));
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
}
