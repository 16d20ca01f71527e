import { type FileHandle, open } from 'node:fs/promises';
import { type TensorDType, WebDiTError } from '@webdit/core';
import { dtypeBytes } from '../safetensors/dtypes.ts';
import { maxHeaderBytes } from '../safetensors/header.ts';
import { badCheckpoint } from './errors.ts';
import { readPickle } from './pickle.ts';
import type { PickledTensor } from './pickle-values.ts';
import { readAt } from './read-at.ts';
import { findStateDict, type StateDict } from './state-dict.ts';
import { readZipDirectory, type ZipEntry } from './zip.ts';

/** A tensor of a checkpoint, and where its storage lies in the file. */
export interface CheckpointTensor {
  readonly name: string;
  readonly dtype: TensorDType;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  /** Bytes from the start of the file to the first element. */
  readonly start: number;
}

export interface Checkpoint extends Pick<StateDict, 'key' | 'others'> {
  /** In the order of the file. */
  readonly tensors: readonly CheckpointTensor[];
}

/**
 * Reads what a checkpoint of PyTorch 1.6 or later says of its tensors, and none of their data.
 *
 * @throws WebDiTError `format`; the system's errors.
 */
export async function readCheckpoint(path: string): Promise<Checkpoint> {
  const file = await open(path);
  try {
    if (await isLegacy(file)) {
      throw new WebDiTError(
        'format',
        `${path} is a checkpoint of PyTorch before 1.6, which is no zip file.`,
        'Load it with a newer PyTorch and save it again.',
      );
    }
    const entries = await readZipDirectory(path);
    const pickle = [...entries.keys()].filter((name) => /^[^/]+\/data\.pkl$/.test(name));
    const [name] = pickle;
    if (name === undefined || pickle.length > 1) {
      throw badCheckpoint(
        `${path} holds ${name === undefined ? 'no' : 'more than one'} data.pkl, so it is no checkpoint.`,
      );
    }
    const prefix = name.slice(0, -'data.pkl'.length);
    await checkByteOrder(file, entries.get(`${prefix}byteorder`), path);
    const bytes = await readEntry(file, entries.get(name) as ZipEntry, name, path);
    const { tensors, ...rest } = findStateDict(readPickle(bytes, path), path);
    const placed = [...tensors].map(([name, tensor]) => place(name, tensor, entries, prefix, path));
    return { ...rest, tensors: placed.sort((a, b) => a.start - b.start) };
  } finally {
    await file.close();
  }
}

function place(
  name: string,
  { storage, offset, shape, strides }: PickledTensor,
  entries: ReadonlyMap<string, ZipEntry>,
  prefix: string,
  path: string,
): CheckpointTensor {
  const { dtype, type, key, elements } = storage;
  if (dtype === null)
    throw badCheckpoint(`Tensor ${name} of ${path} is a ${type}; weights are float, half or bfloat16.`);
  const entry = entries.get(`${prefix}data/${key}`);
  if (!entry) throw badCheckpoint(`${path} has no storage ${prefix}data/${key}, which tensor ${name} is in.`);
  const needed = elements * dtypeBytes[dtype];
  if (entry.bytes !== needed) {
    throw badCheckpoint(
      `${prefix}data/${key} of ${path} has ${entry.bytes} bytes; ${elements} elements of ${type} are ${needed}.`,
    );
  }
  return { name, dtype, shape, strides, start: entry.start + offset * dtypeBytes[dtype] };
}

/** Before version 1.6 a checkpoint was several pickles in a row, the first of them this number. */
async function isLegacy(file: FileHandle): Promise<boolean> {
  const magic = [0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9];
  const start = new Uint8Array(magic.length);
  return (await readAt(file, start, 0)) && magic.every((byte, i) => start[i] === byte);
}

async function checkByteOrder(file: FileHandle, entry: ZipEntry | undefined, path: string): Promise<void> {
  if (!entry) return;
  const order = new TextDecoder().decode(await readEntry(file, entry, 'byteorder', path));
  if (order !== 'little') throw badCheckpoint(`${path} was written on a machine of byte order "${order}".`);
}

async function readEntry(file: FileHandle, { start, bytes }: ZipEntry, name: string, path: string) {
  if (bytes > maxHeaderBytes)
    throw badCheckpoint(`${name} of ${path} has ${bytes} bytes; the limit is ${maxHeaderBytes}.`);
  const buffer = new Uint8Array(bytes);
  if (!(await readAt(file, buffer, start))) throw badCheckpoint(`${path} ends before the end of ${name}.`);
  return buffer;
}
