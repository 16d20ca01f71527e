import { type TensorDType, WebDiTError } from '@webdit/core';
import type { ByteReader } from '../byte-reader.ts';
import type { SourceFileParts } from '../source.ts';
import { dtypeBytes, formatShape, isSize, isTensorDType, tensorBytes } from './dtypes.ts';
import { topLevelKeys } from './top-level-keys.ts';

/** One tensor of a safetensors file. */
export interface SafetensorsTensor {
  readonly name: string;
  readonly dtype: TensorDType;
  readonly shape: readonly number[];
  /** Bytes from the start of the data section. */
  readonly begin: number;
  readonly end: number;
}

/** Source of the format: the safetensors README. */
export interface SafetensorsHeader {
  /** In file order; together they cover the data section without a gap. */
  readonly tensors: readonly SafetensorsTensor[];
  readonly metadata: Readonly<Record<string, string>>;
  /** Where the data section starts. */
  readonly dataStart: number;
  readonly dataBytes: number;
}

/** Bytes of the whole file. */
export const fileBytes = ({ dataStart, dataBytes }: SafetensorsHeader) => dataStart + dataBytes;

/** The format's own cap. It keeps a stray first eight bytes from becoming a huge allocation. */
export const maxHeaderBytes = 100_000_000;

export function formatError(message: string, cause?: unknown): WebDiTError {
  return new WebDiTError(
    'format',
    message,
    'Download or convert the file again; it has to be a complete safetensors file, not a pickle or a Git LFS pointer.',
    { cause },
  );
}

/**
 * Reads the length and the header, and leaves the reader at the first byte of data.
 * @throws WebDiTError `format`
 */
export async function readSafetensorsHeader(reader: ByteReader, file: SourceFileParts): Promise<SafetensorsHeader> {
  const headerBytes = parseHeaderLength(await reader.fill(8), file.path, file.size);
  const bytes = await reader.take(headerBytes);
  if (bytes.length < headerBytes) throw headerTooLong(headerBytes, file.path);
  const dataStart = 8 + headerBytes;
  const dataBytes = file.size === undefined ? undefined : file.size - dataStart;
  return { dataStart, ...parseSafetensorsHeader(bytes, file.path, dataBytes) };
}

/** Length of the JSON header, from the file's first 8 bytes. @throws WebDiTError `format` */
export function parseHeaderLength(prefix: Uint8Array, path: string, fileBytes?: number): number {
  if (prefix.length < 8) throw formatError(`${path} ends before its 8-byte header length.`);
  const length = new DataView(prefix.buffer, prefix.byteOffset).getBigUint64(0, true);
  if (length > BigInt(maxHeaderBytes)) {
    throw formatError(`${path} declares a header of ${length} bytes; the limit is ${maxHeaderBytes}.`);
  }
  if (fileBytes !== undefined && Number(length) > fileBytes - 8) throw headerTooLong(Number(length), path);
  return Number(length);
}

function headerTooLong(bytes: number, path: string): WebDiTError {
  return formatError(`${path} declares a header of ${bytes} bytes, longer than the file.`);
}

/**
 * Checks a header to the letter of the format.
 * @param dataBytes length of the data section, where it is known.
 * @throws WebDiTError `format`, naming the tensor.
 */
export function parseSafetensorsHeader(
  bytes: Uint8Array,
  path: string,
  dataBytes?: number,
): Omit<SafetensorsHeader, 'dataStart'> {
  const entries = parseObject(bytes, path);
  const { __metadata__: metadata, ...described } = entries;
  const tensors = Object.entries(described).map(([name, entry]) => parseTensor(name, entry, path));
  tensors.sort((a, b) => a.begin - b.begin || a.end - b.end);

  let end = 0;
  let previous: SafetensorsTensor | undefined;
  for (const tensor of tensors) {
    if (tensor.begin < end) throw formatError(`Tensor ${tensor.name} of ${path} overlaps ${previous?.name}.`);
    if (tensor.begin > end) {
      throw formatError(`${path} has a gap of ${tensor.begin - end} bytes before tensor ${tensor.name}.`);
    }
    if (dataBytes !== undefined && tensor.end > dataBytes) throw truncated(tensor.name, path);
    end = tensor.end;
    previous = tensor;
  }
  if (dataBytes !== undefined && end < dataBytes) throw trailing(path, dataBytes - end);
  return { tensors, metadata: parseMetadata(metadata, path), dataBytes: end };
}

export function truncated(tensor: string, path: string): WebDiTError {
  return formatError(`${path} is truncated: it ends before the end of tensor ${tensor}.`);
}

export function trailing(path: string, bytes: number | 'some'): WebDiTError {
  return formatError(`${path} has ${bytes} bytes after its last tensor.`);
}

function parseObject(bytes: Uint8Array, path: string): Record<string, unknown> {
  let text: string;
  let json: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    json = JSON.parse(text);
  } catch (cause) {
    throw formatError(`The header of ${path} is not valid JSON.`, cause);
  }
  if (!isObject(json)) throw formatError(`The header of ${path} is not a JSON object.`);
  const seen = new Set<string>();
  for (const key of topLevelKeys(text)) {
    if (seen.has(key)) throw formatError(`The header of ${path} describes tensor ${key} twice.`);
    seen.add(key);
  }
  return json;
}

function parseTensor(name: string, entry: unknown, path: string): SafetensorsTensor {
  const fail = (what: string) => formatError(`Tensor ${name} of ${path} ${what}.`);
  if (!isObject(entry)) throw fail('is not described by an object');
  const { dtype, shape, data_offsets: offsets } = entry;
  if (!isTensorDType(dtype)) {
    throw fail(`has the unknown dtype ${JSON.stringify(dtype)}; known are ${Object.keys(dtypeBytes).join(', ')}`);
  }
  if (!Array.isArray(shape) || !shape.every(isSize)) throw fail('has no valid shape');
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize))
    throw fail('has no valid data_offsets');
  const [begin, end] = offsets as [number, number];
  if (end < begin) throw fail(`ends at ${end}, before it begins at ${begin}`);
  const needed = tensorBytes({ dtype, shape });
  if (end - begin !== needed) {
    throw fail(`holds ${end - begin} bytes, but shape ${formatShape(shape)} of ${dtype} needs ${needed}`);
  }
  return { name, dtype, shape, begin, end };
}

function parseMetadata(metadata: unknown, path: string): Record<string, string> {
  if (metadata === undefined) return {};
  if (isObject(metadata) && Object.values(metadata).every((value) => typeof value === 'string')) {
    return metadata as Record<string, string>;
  }
  throw formatError(`The __metadata__ of ${path} is not an object of strings.`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
