import type { IncomingTensor, TensorSink } from '@webdit/core';
import { ByteReader } from '../byte-reader.ts';
import type { SourceFileParts } from '../source.ts';
import { isFloatDType } from './convert.ts';
import { DataReader } from './data-reader.ts';
import { dtypeBytes } from './dtypes.ts';
import { formatError, readSafetensorsHeader, type SafetensorsHeader, type SafetensorsTensor } from './header.ts';
import { PieceWriter, type Transfer } from './piece-writer.ts';

/** Where a tensor of a file goes. */
export interface TensorTarget extends Omit<IncomingTensor, 'sourceDType' | 'scales'> {
  /** Of an I8 tensor, the name of the tensor with its scales, F32, one for each of its rows; it lies before it in the same file. */
  readonly scaledBy?: string;
}

export interface LoadProgress {
  /** Bytes of the file read so far, header included, of those that it does not leave out. */
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
  options: StreamOptions = {},
): Promise<void> {
  const reader = await DataReader.open(file, options);
  try {
    const { tensors } = reader.header;
    const targets = select(reader.header);
    for (const tensor of tensors) if (targets.has(tensor.name)) assertFloat(tensor, file.path);
    const pieces = new PieceWriter(file.path);
    const scaling = scalesFor(targets);
    const scales = new Map<string, Float32Array<ArrayBuffer>>();
    for (const tensor of tensors) {
      if (scaling.has(tensor.name)) scales.set(tensor.name, await readScales(reader, tensor, file.path));
      const target = targets.get(tensor.name);
      if (!target) continue;
      await reader.goTo(tensor);
      const transfer = beginTransfer(tensor, target, scales, sink, file.path);
      let element = 0;
      for (let piece = await reader.next(tensor); piece; piece = await reader.next(tensor)) {
        const count = piece.length / dtypeBytes[tensor.dtype];
        await pieces.write(piece, element, transfer);
        element += count;
        reader.report();
      }
      await transfer.writer.end();
    }
    await reader.finish();
  } finally {
    reader.close();
  }
}

/** Names of the tensors with the scales of others. */
export function scalesFor(targets: ReadonlyMap<string, TensorTarget>): ReadonlySet<string> {
  return new Set([...targets.values()].flatMap(({ scaledBy = [] }) => scaledBy));
}

function beginTransfer(
  tensor: SafetensorsTensor,
  { scaledBy, ...target }: TensorTarget,
  found: ReadonlyMap<string, Float32Array<ArrayBuffer>>,
  sink: TensorSink,
  path: string,
): Transfer {
  const sourceDType = tensor.dtype;
  if (scaledBy === undefined) return { tensor, writer: sink.begin({ ...target, sourceDType }) };
  const scales = found.get(scaledBy);
  if (!scales) throw formatError(`Tensor ${tensor.name} of ${path} lies before its scales, ${scaledBy}.`);
  return { tensor, scales, writer: sink.begin({ ...target, sourceDType, scales }) };
}

/** Reads the scales of an I8 tensor, which lie before it. */
async function readScales(reader: DataReader, tensor: SafetensorsTensor, path: string) {
  const bytes = new Uint8Array(tensor.end - tensor.begin);
  await reader.goTo(tensor);
  let filled = 0;
  for (let piece = await reader.next(tensor); piece; piece = await reader.next(tensor)) {
    bytes.set(piece, filled);
    filled += piece.length;
  }
  const scales = new Float32Array(bytes.buffer);
  if (scales.every((scale) => scale >= 0 && scale < Number.POSITIVE_INFINITY)) return scales;
  throw formatError(`Tensor ${tensor.name} of ${path} holds a scale that is negative or not finite.`);
}

/** @throws WebDiTError `format` for a type that weights do not have. */
export function assertFloat(tensor: SafetensorsTensor, path: string): void {
  if (isFloatDType(tensor.dtype) || tensor.dtype === 'I8') return;
  throw formatError(`Tensor ${tensor.name} of ${path} is ${tensor.dtype}; weights are F32, F16, BF16 or I8.`);
}
