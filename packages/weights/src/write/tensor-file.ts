import { type FileHandle, open } from 'node:fs/promises';
import type { TensorDType } from '@webdit/core';
import { dtypeBytes, tensorBytes } from '../safetensors/dtypes.ts';
import { encodeSafetensorsHeader } from '../safetensors/whole-file.ts';

/** A tensor of a file to be written. */
export interface PlannedTensor {
  readonly name: string;
  readonly dtype: TensorDType;
  readonly shape: readonly number[];
}

/** A safetensors file of known tensors while it is written, in any order, never held in memory. Node only. */
export class TensorFile {
  readonly #handle: FileHandle;
  /** Where each tensor starts in the file. */
  readonly #starts: ReadonlyMap<string, number>;
  /** Bytes still to come. */
  #missing: number;

  private constructor(handle: FileHandle, starts: ReadonlyMap<string, number>, missing: number) {
    this.#handle = handle;
    this.#starts = starts;
    this.#missing = missing;
  }

  /**
   * Writes a new file. Tensors lie in the order given, wider dtypes first so that every one is aligned.
   * @param fill writes every byte of every tensor once.
   * @returns the file's bytes.
   * @throws the system's errors; RangeError when bytes are missing, or were written twice; what `fill` throws.
   */
  static async write(
    path: string,
    planned: readonly PlannedTensor[],
    metadata: Readonly<Record<string, string>>,
    fill: (file: TensorFile) => Promise<void>,
  ): Promise<number> {
    const tensors = [...planned].sort((a, b) => dtypeBytes[b.dtype] - dtypeBytes[a.dtype]);
    const header = encodeSafetensorsHeader(
      tensors.map((tensor) => [tensor.name, tensor] as const),
      metadata,
    );
    const starts = new Map<string, number>();
    let end = header.length;
    for (const tensor of tensors) {
      starts.set(tensor.name, end);
      end += tensorBytes(tensor);
    }
    const handle = await open(path, 'wx');
    try {
      const file = new TensorFile(handle, starts, end - header.length);
      await file.#writeAt(header, 0);
      await fill(file);
      if (file.#missing !== 0) throw new RangeError(`${file.#missing} bytes of the weights were not written`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    return end;
  }

  /** Bytes of a tensor, `offset` of them behind its start; each byte is written once. */
  async write(name: string, offset: number, bytes: Uint8Array): Promise<void> {
    const start = this.#starts.get(name);
    if (start === undefined) throw new RangeError(`No tensor ${name}`);
    await this.#writeAt(bytes, start + offset);
    this.#missing -= bytes.length;
  }

  async #writeAt(bytes: Uint8Array, position: number): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      done += (await this.#handle.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
    }
  }
}
