import type { IncomingTensor, TensorDType, TensorSink, TensorWriter } from '@webdit/core';
import { ByteReader, pieceBytes } from '../byte-reader.ts';
import type { SourceFileParts } from '../source.ts';
import { converter, isFloatDType } from './convert.ts';
import { dtypeBytes } from './dtypes.ts';
import {
  formatError,
  readSafetensorsHeader,
  type SafetensorsHeader,
  type SafetensorsTensor,
  trailing,
  truncated,
} from './header.ts';

/** Where a tensor of a file goes. */
export type TensorTarget = Omit<IncomingTensor, 'sourceDType'>;

export interface LoadProgress {
  /** Bytes of the file read so far, header included. */
  readonly loaded: number;
  readonly total: number;
}

export interface StreamOptions {
  /** Rejects with `signal.reason` within one piece. */
  readonly signal?: AbortSignal | undefined;
  /** Called after every piece of at most 512 KiB. */
  readonly onProgress?: ((progress: LoadProgress) => void) | undefined;
}

/** Reads a file's header and nothing else. @throws WebDiTError `format`, and the source's errors. */
export async function openSafetensors(file: SourceFileParts, signal?: AbortSignal): Promise<SafetensorsHeader> {
  const reader = new ByteReader(file, signal);
  try {
    return await readSafetensorsHeader(reader, file);
  } finally {
    reader.close();
  }
}

/**
 * Streams a safetensors file once, in file order, into a sink. Whatever the size of its tensors, one piece of the file and
 * one converted piece (1 MiB) are in memory; the next piece is read when the writer has taken the last one.
 * @param select says where tensors go, once the header is known; others are read over. What it throws stops the load
 *   before the sink has seen anything.
 * @throws WebDiTError `format`; the source's errors; the sink's errors; `signal.reason`.
 */
export async function streamSafetensors(
  file: SourceFileParts,
  select: (header: SafetensorsHeader) => ReadonlyMap<string, TensorTarget>,
  sink: TensorSink,
  { signal, onProgress }: StreamOptions = {},
): Promise<void> {
  const reader = new ByteReader(file, signal);
  try {
    const header = await readSafetensorsHeader(reader, file);
    const targets = select(header);
    for (const tensor of header.tensors) if (targets.has(tensor.name)) assertFloat(tensor, file.path);
    const total = header.dataStart + header.dataBytes;
    const pieces = new PieceWriter();
    for (const tensor of header.tensors) {
      const target = targets.get(tensor.name);
      const writer = target && sink.begin({ ...target, sourceDType: tensor.dtype });
      for (let offset = tensor.begin; offset < tensor.end; ) {
        const count = Math.min(pieceBytes, tensor.end - offset);
        const piece = await reader.fill(count);
        if (piece.length < count) throw truncated(tensor.name, file.path);
        const element = (offset - tensor.begin) / dtypeBytes[tensor.dtype];
        if (writer) await pieces.write(piece, tensor.dtype, writer, element);
        offset += piece.length;
        signal?.throwIfAborted();
        onProgress?.({ loaded: header.dataStart + offset, total });
      }
      await writer?.end();
    }
    if ((await reader.fill(1)).length > 0) throw trailing(file.path, 'some');
  } finally {
    reader.close();
  }
}

/** Writes pieces in the writer's dtype through one scratch buffer. */
export class PieceWriter {
  #scratch = new ArrayBuffer(0);

  /**
   * @param piece float elements, from offset 0 of its buffer.
   * @param element index of the first of them in the tensor.
   */
  async write(
    piece: Uint8Array<ArrayBuffer>,
    dtype: TensorDType,
    writer: TensorWriter,
    element: number,
  ): Promise<void> {
    const convert = converter(dtype, writer.dtype);
    const outBytes = dtypeBytes[writer.dtype];
    if (!convert) return writer.write(piece, element * outBytes);
    const count = piece.length / dtypeBytes[dtype];
    if (this.#scratch.byteLength === 0) this.#scratch = new ArrayBuffer(2 * pieceBytes);
    convert(piece.buffer, this.#scratch, count);
    await writer.write(new Uint8Array(this.#scratch, 0, count * outBytes), element * outBytes);
  }
}

function assertFloat(tensor: SafetensorsTensor, path: string): void {
  if (isFloatDType(tensor.dtype)) return;
  throw formatError(`Tensor ${tensor.name} of ${path} is ${tensor.dtype}; weights are F32, F16 or BF16.`);
}
