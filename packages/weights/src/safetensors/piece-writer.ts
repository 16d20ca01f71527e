import { type TensorWriter, WebDiTError } from '@webdit/core';
import { pieceBytes } from '../byte-reader.ts';
import { converter } from './convert.ts';
import { dequantize } from './dequantize.ts';
import { dtypeBytes, elementCount } from './dtypes.ts';
import { allFinite } from './finite.ts';
import type { SafetensorsTensor } from './header.ts';

/** A tensor on its way. */
export interface Transfer {
  readonly tensor: Pick<SafetensorsTensor, 'name' | 'dtype' | 'shape'>;
  /** Of an I8 tensor, by row. */
  readonly scales?: Float32Array | undefined;
  readonly writer: TensorWriter;
}

/** Writes pieces in the writer's dtype through scratch buffers, and refuses values that are not finite. */
export class PieceWriter {
  readonly #path: string;
  #converted = new ArrayBuffer(0);
  #dequantized = new Float32Array(0);

  /** @param path names the file in messages. */
  constructor(path: string) {
    this.#path = path;
  }

  /**
   * @param piece elements from offset 0 of its buffer, at most `pieceBytes`, and half of that of I8.
   * @param element index of the first of them in the tensor.
   * @throws WebDiTError `numeric` for NaN and infinity, also of what is too large for F16; the writer's errors.
   */
  async write(piece: Uint8Array<ArrayBuffer>, element: number, { tensor, scales, writer }: Transfer): Promise<void> {
    const place = element * dtypeBytes[writer.dtype];
    if (writer.dtype === 'I8') return writer.write(piece, place);
    const count = piece.length / dtypeBytes[tensor.dtype];
    if (!scales) return this.#writeFloats(piece, count, place, tensor, writer, writer.dtype);
    if (this.#dequantized.length === 0) this.#dequantized = new Float32Array(pieceBytes / 2);
    const bytes = new Int8Array(piece.buffer, 0, count);
    dequantize(bytes, scales, element, elementCount(tensor.shape) / (tensor.shape[0] ?? 1), this.#dequantized);
    const values = new Uint8Array(this.#dequantized.buffer, 0, 4 * count);
    await this.#writeFloats(values, count, place, { ...tensor, dtype: 'F32' }, writer, writer.dtype);
  }

  async #writeFloats(
    piece: Uint8Array<ArrayBuffer>,
    count: number,
    place: number,
    { name, dtype }: Transfer['tensor'],
    writer: TensorWriter,
    target: 'F32' | 'F16',
  ): Promise<void> {
    const convert = converter(dtype, target);
    if (convert && this.#converted.byteLength === 0) this.#converted = new ArrayBuffer(2 * pieceBytes);
    convert?.(piece.buffer, this.#converted, count);
    const written = convert ? this.#converted : piece.buffer;
    // What becomes F16 may only then become infinite; what becomes wider is checked where it is narrow.
    const sound = target === 'F16' ? allFinite(target, written, count) : allFinite(dtype, piece.buffer, count);
    if (!sound) throw this.#notFinite(name, allFinite(dtype, piece.buffer, count));
    await writer.write(convert ? new Uint8Array(written, 0, count * dtypeBytes[target]) : piece, place);
  }

  #notFinite(name: string, tooLarge: boolean): WebDiTError {
    return tooLarge
      ? new WebDiTError(
          'numeric',
          `Tensor ${name} of ${this.#path} holds a value beyond 65504, the largest of f16.`,
          'Use dtype f32.',
        )
      : new WebDiTError(
          'numeric',
          `Tensor ${name} of ${this.#path} holds NaN or infinity.`,
          'Use another checkpoint: this one comes from a training that diverged, or is damaged.',
        );
  }
}
