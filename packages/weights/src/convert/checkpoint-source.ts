import { type FileHandle, open } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { WebDiTError } from '@webdit/core';
import { type ByteProducer, byteStream } from '../byte-stream.ts';
import { dtypeBytes, tensorBytes } from '../safetensors/dtypes.ts';
import { encodeSafetensorsHeader } from '../safetensors/whole-file.ts';
import { type ModelSource, sourceFile } from '../source.ts';
import { pathSource } from '../sources/path.ts';
import { type CheckpointTensor, readCheckpoint } from './checkpoint.ts';
import { badCheckpoint } from './errors.ts';
import { readAt } from './read-at.ts';
import { extent, gather, isContiguous } from './strided.ts';

/** A checkpoint as a source of weights, and what to say of it. */
export interface CheckpointSource {
  readonly source: ModelSource;
  /** What was chosen among several things in the file; null when there was nothing to choose. */
  readonly note: string | null;
}

/**
 * A checkpoint seen as a safetensors file, which is made as it is read. Tensors are read in pieces; one whose
 * elements do not follow one another is put in order in memory.
 *
 * @throws WebDiTError `format`, `not-found`.
 */
export async function checkpointSource(path: string): Promise<CheckpointSource> {
  const { tensors, key, others } = await readCheckpoint(path).catch((cause) => {
    throw failure(path, cause);
  });
  const header = encodeSafetensorsHeader(tensors.map((tensor) => [tensor.name, tensor] as const));
  const size = tensors.reduce((sum, tensor) => sum + tensorBytes(tensor), header.length);
  const name = basename(path);
  const beside = pathSource(dirname(path));
  const left = others.length > 0 ? ` ${others.join(', ')} beside it ${others.length > 1 ? 'are' : 'is'} left out.` : '';
  return {
    note: key === null ? null : `${name}: the weights under "${key}" are taken.${left}`,
    source: {
      name: path,
      weightsFile: name,
      async open(relative, options = {}) {
        if (relative !== name) return beside.open(relative, options);
        const stream = () => byteStream(new CheckpointReader(path, header, tensors));
        return sourceFile({ path: name, size, stream, failure: (cause) => failure(path, cause) }, options.signal);
      },
    },
  };
}

/** Produces the header, then each tensor's elements, row by row. */
class CheckpointReader implements ByteProducer {
  readonly #path: string;
  /** The header, then a tensor after its elements were gathered: bytes that are at hand. */
  #ready: Uint8Array;
  readonly #tensors: readonly CheckpointTensor[];
  #next = 0;
  /** What is left to read of a tensor whose elements follow one another. */
  #rest = { start: 0, bytes: 0 };
  #file: FileHandle | null = null;

  constructor(path: string, header: Uint8Array, tensors: readonly CheckpointTensor[]) {
    this.#path = path;
    this.#ready = header;
    this.#tensors = tensors;
  }

  async read(view: Uint8Array<ArrayBuffer>): Promise<number> {
    while (this.#ready.length === 0 && this.#rest.bytes === 0) {
      const tensor = this.#tensors[this.#next++];
      if (!tensor) return 0;
      if (isContiguous(tensor)) this.#rest = { start: tensor.start, bytes: tensorBytes(tensor) };
      else this.#ready = await this.#gathered(tensor);
    }
    if (this.#ready.length > 0) {
      const part = this.#ready.subarray(0, view.length);
      view.set(part);
      this.#ready = this.#ready.subarray(part.length);
      return part.length;
    }
    const { start, bytes } = this.#rest;
    const part = view.subarray(0, bytes);
    await this.#readAt(part, start);
    this.#rest = { start: start + part.length, bytes: bytes - part.length };
    return part.length;
  }

  async close(): Promise<void> {
    await this.#file?.close();
  }

  async #gathered(tensor: CheckpointTensor): Promise<Uint8Array> {
    const size = dtypeBytes[tensor.dtype];
    const source = new Uint8Array(extent(tensor) * size);
    await this.#readAt(source, tensor.start);
    return gather(tensor, size, source);
  }

  async #readAt(view: Uint8Array, position: number): Promise<void> {
    this.#file ??= await open(this.#path);
    if (!(await readAt(this.#file, view, position))) throw badCheckpoint(`${this.#path} changed while it was read.`);
  }
}

function failure(path: string, cause: unknown): WebDiTError {
  if (cause instanceof WebDiTError) return cause;
  const reason = cause instanceof Error && 'code' in cause ? ` (${cause.code})` : '';
  return new WebDiTError('not-found', `${path} could not be read${reason}.`, 'Check the path and its permissions.', {
    cause,
  });
}
