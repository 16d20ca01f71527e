import { type TensorDType, WebDiTError } from '@webdit/core';
import { converter } from './convert.ts';
import { dtypeBytes, formatShape, tensorBytes } from './dtypes.ts';
import { parseHeaderLength, parseSafetensorsHeader } from './header.ts';

/** A tensor in memory. `data` holds `shape`'s elements in `dtype`, little-endian, in any view. */
export interface TensorData {
  readonly dtype: TensorDType;
  readonly shape: readonly number[];
  readonly data: ArrayBufferView;
}

/** A small safetensors file (goldens, latents) taken apart. The bytes of each tensor are a copy, aligned for any view. */
export interface ParsedTensor extends TensorData {
  readonly data: Uint8Array<ArrayBuffer>;
}

/** @throws WebDiTError `format` */
export function parseSafetensors(bytes: Uint8Array, path = 'The file'): Map<string, ParsedTensor> {
  const headerBytes = parseHeaderLength(bytes.subarray(0, 8), path, bytes.length);
  const dataStart = 8 + headerBytes;
  const { tensors } = parseSafetensorsHeader(bytes.subarray(8, dataStart), path, bytes.length - dataStart);
  return new Map(
    tensors.map(({ name, dtype, shape, begin, end }) => [
      name,
      // Not slice(): a Node Buffer's shares memory.
      { dtype, shape, data: new Uint8Array(bytes.subarray(dataStart + begin, dataStart + end)) },
    ]),
  );
}

/** The elements as f32; integers are rounded to it. I64 beyond 2^53 loses its low bits first. */
export function tensorToFloat32({ dtype, data }: ParsedTensor): Float32Array<ArrayBuffer> {
  const count = data.length / dtypeBytes[dtype];
  switch (dtype) {
    case 'F32':
      return new Float32Array(data.buffer);
    case 'I8':
      return Float32Array.from(new Int8Array(data.buffer));
    case 'U8':
      return Float32Array.from(data);
    case 'I32':
      return Float32Array.from(new Int32Array(data.buffer));
    case 'I64':
      return Float32Array.from(new BigInt64Array(data.buffer), Number);
    default: {
      const values = new Float32Array(count);
      converter(dtype, 'F32')?.(data.buffer, values.buffer, count);
      return values;
    }
  }
}

/** The first bytes of a file with these tensors in this order: length and JSON header, padded to a multiple of 8. */
export function encodeSafetensorsHeader(
  tensors: Iterable<readonly [name: string, tensor: Pick<TensorData, 'dtype' | 'shape'>]>,
  metadata?: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  const header: Record<string, unknown> = metadata ? { __metadata__: metadata } : {};
  let begin = 0;
  for (const [name, { dtype, shape }] of tensors) {
    const end = begin + tensorBytes({ dtype, shape });
    header[name] = { dtype, shape, data_offsets: [begin, end] };
    begin = end;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const padded = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(8 + padded).fill(0x20, 8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded), true);
  bytes.set(json, 8);
  return bytes;
}

/**
 * A whole safetensors file, wider dtypes first so that every tensor is aligned.
 * @throws WebDiTError `shape-mismatch` when data and shape disagree.
 */
export function encodeSafetensors(
  tensors: Readonly<Record<string, TensorData>>,
  metadata?: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  const sorted = Object.entries(tensors).sort(([, a], [, b]) => dtypeBytes[b.dtype] - dtypeBytes[a.dtype]);
  for (const [name, { dtype, shape, data }] of sorted) {
    if (data.byteLength === tensorBytes({ dtype, shape })) continue;
    throw new WebDiTError(
      'shape-mismatch',
      `Tensor ${name} has ${data.byteLength} bytes, which is not shape ${formatShape(shape)} of ${dtype}.`,
      'Pass as many elements as the shape says.',
    );
  }
  const header = encodeSafetensorsHeader(sorted, metadata);
  const file = new Uint8Array(sorted.reduce((size, [, { data }]) => size + data.byteLength, header.length));
  file.set(header);
  let offset = header.length;
  for (const [, { data }] of sorted) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
    offset += data.byteLength;
  }
  return file;
}
