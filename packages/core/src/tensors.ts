import { WebDiTError } from './errors.ts';

/** Element types of a safetensors file that WebDiT reads. */
export type TensorDType = 'F32' | 'F16' | 'BF16' | 'I8' | 'U8' | 'I32' | 'I64';

/** A tensor, or some rows of it, on its way from a file to a sink. */
export interface IncomingTensor {
  /** Canonical (original DiT) name of the target tensor. */
  readonly name: string;
  /** Shape of the whole target tensor. */
  readonly shape: readonly number[];
  /** First element of the target this tensor fills, and how many (a q, k or v part of `qkv` fills a third). */
  readonly elementOffset: number;
  readonly elementCount: number;
  /** Type in the file. */
  readonly sourceDType: TensorDType;
  /** With I8: per row of this part the value of byte 127; a byte stands for `byte / 127 * scale`. */
  readonly scales?: Float32Array<ArrayBuffer>;
}

/**
 * Takes one tensor's bytes, in order. The reader converts to `dtype` before it writes and may reuse `bytes` as soon as
 * `write` resolves.
 */
export interface TensorWriter {
  /** I8 only for a tensor that came with scales. */
  readonly dtype: 'F32' | 'F16' | 'I8';
  /** `byteOffset` counts from the start of this incoming tensor, in bytes of `dtype`; both are multiples of 4 except at a tensor's end. */
  write(bytes: Uint8Array, byteOffset: number): void | Promise<void>;
  end(): void | Promise<void>;
}

/** Where weights go. `packages/gpu` has the one that fills GPU buffers; tests use one that fills arrays. */
export interface TensorSink {
  begin(tensor: IncomingTensor): TensorWriter;
}

/** For a sink that is handed a tensor it did not expect. */
export function noPlaceFor({ name, shape }: Pick<IncomingTensor, 'name' | 'shape'>): WebDiTError {
  return new WebDiTError(
    'shape-mismatch',
    `The model has no place for tensor ${name} of shape [${shape}].`,
    'Check that config.json belongs to these weights.',
  );
}

/** For a sink that was not handed the whole of a tensor. */
export function incompleteTensor(name: string, filled: number, elements: number): WebDiTError {
  return new WebDiTError(
    'format',
    `Tensor ${name} got ${filled} of ${elements} values.`,
    'Download the weights again; the file is not complete.',
  );
}
