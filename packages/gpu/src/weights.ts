import { type IncomingTensor, incompleteTensor, noPlaceFor, type TensorSink, type TensorWriter } from '@webdit/core';
import {
  bytesPerWeight,
  flatWorkgroups,
  type Kernel,
  quantizeKernel,
  quantizeWorkgroups,
  transposeKernel,
  transposeParams,
  type WeightStorage,
} from '@webdit/shaders';
import { BufferScope } from './allocator.ts';
import { bufferUsage } from './flags.ts';
import type { PipelineCache } from './pipelines.ts';
import { ProgramBuilder, submitProgram } from './program.ts';
import { partOf, type RowPart, splitRows } from './row-parts.ts';

/** Largest piece of a tensor that waits on the GPU, as PyTorch stores it, for its transposition. */
const stagingBytes = 32 * 2 ** 20;
/** Bytes handed to the queue before the reader waits for the GPU. */
const uploadWindowBytes = 32 * 2 ** 20;

/** Columns of a linear, `[K, columns]`, that one dispatch multiplies by; all of them, where they fit one buffer. */
export interface LinearPart {
  readonly weights: GPUBuffer;
  /** Bias `[columns]`; of int8 weights `[2, columns]`: bias and scale. */
  readonly finish: GPUBuffer;
  readonly first: number;
  readonly columns: number;
}

interface Target {
  /** Elements of one row. */
  readonly width: number;
  readonly elements: number;
  readonly parts: readonly RowPart[];
  /** How a linear is stored; undefined for tensors stored as they come. */
  readonly storage: WeightStorage | undefined;
  filled: number;
}

/** Rows of a linear that wait in staging. */
interface StagedRows {
  readonly name: string;
  readonly row: number;
  readonly rows: number;
  readonly storage: WeightStorage;
  /** Of rows that are bytes already. */
  readonly scale: Float32Array<ArrayBuffer> | undefined;
}

/** What a linear arrives as: bytes are made of f32 on the GPU, unless they come with scales. */
function incoming(storage: WeightStorage, isScaled: boolean) {
  if (isScaled) return { dtype: 'I8', bytes: 1 } as const;
  return storage === 'packed-f16' ? ({ dtype: 'F16', bytes: 2 } as const) : ({ dtype: 'F32', bytes: 4 } as const);
}

/** A tensor, and how it is to lie. */
export interface WeightPlace {
  readonly name: string;
  /** As PyTorch stores it. */
  readonly shape: readonly number[];
  /** Of a linear or a convolution; undefined for tensors stored as they come. */
  readonly storage: WeightStorage | undefined;
  /** Its readers take it in parts. */
  readonly mayBeSplit: boolean;
}

/** A count rounded up to whole groups of four, which the kernels move. */
export const inFours = (count: number) => Math.ceil(count / 4) * 4;

/**
 * GPU home of a model's weights. Linears are transposed on the GPU from `[N, K]` to `[K, N]` in pieces as they arrive, and made
 * into bytes there for int8; everything else is f32 as it comes. What is larger than the device binds lies in several buffers, by
 * rows. Three output channels lie as four, of which the last holds anything.
 */
export class GpuWeights implements TensorSink {
  readonly #targets = new Map<string, Target>();
  readonly #scope: BufferScope;
  readonly #stagingScope: BufferScope;
  readonly #builder: ProgramBuilder;
  readonly pipelines: PipelineCache;
  readonly #staging: GPUBuffer;
  readonly #stagingCapacity: number;
  #uploaded = 0;

  constructor(places: readonly WeightPlace[], scope: BufferScope, pipelines: PipelineCache) {
    this.#scope = scope;
    this.pipelines = pipelines;
    this.#stagingScope = new BufferScope(scope.allocator);
    const usage = bufferUsage.STORAGE | bufferUsage.COPY_DST;
    const { device, maxStorageBufferBindingSize } = scope.allocator.holder;
    const bindable = Math.min(maxStorageBufferBindingSize, device.limits.maxBufferSize);
    let largestLinear = 16;
    for (const { name, shape, storage, mayBeSplit } of places) {
      const elements = shape.reduce((a, b) => a * b, 1);
      const rows = shape[0] as number;
      const width = elements / rows;
      // The bias lies as the weight before it does: they are multiplied and added part by part.
      const weight = this.#targets.get(name.replace(/bias$/, 'weight'));
      const isScaled = weight?.storage === 'int8';
      const allocated = storage || weight?.storage ? inFours : (count: number) => count;
      const bytesPerRow = width * bytesPerWeight[storage ?? 'f32'] * (isScaled ? 2 : 1);
      const ranges = weight?.parts ?? splitRows(rows, bytesPerRow, mayBeSplit ? bindable : Number.POSITIVE_INFINITY);
      const parts = ranges.map(({ first, rows }) => ({
        first,
        rows,
        buffer: scope.create(isScaled ? `${name} and scale` : name, allocated(rows) * bytesPerRow, usage),
      }));
      if (storage) largestLinear = Math.max(largestLinear, inFours(rows) * width * incoming(storage, false).bytes);
      this.#targets.set(name, { width, elements, parts, storage, filled: 0 });
    }
    const limit = Math.min(stagingBytes, scope.allocator.holder.maxStorageBufferBindingSize);
    this.#stagingCapacity = Math.min(limit, largestLinear);
    this.#staging = this.#stagingScope.storage('staging', this.#stagingCapacity / 4);
    this.#builder = new ProgramBuilder('upload', pipelines, this.#stagingScope);
    for (const { storage } of this.#targets.values()) {
      if (storage) pipelines.request(uploadKernel(storage, false));
      if (storage === 'int8') pipelines.request(uploadKernel(storage, true));
    }
  }

  /** How a linear, such as `blocks.0.attn.qkv`, is stored. */
  storageOf(linear: string): WeightStorage {
    const { storage } = this.#target(`${linear}.weight`);
    if (!storage) throw new RangeError(`No linear ${linear}`);
    return storage;
  }

  /** Where a linear, such as `blocks.0.attn.qkv`, lies. */
  linear(name: string): readonly LinearPart[] {
    const biases = this.parts(`${name}.bias`);
    return this.parts(`${name}.weight`).map(({ buffer, first, rows }, i) => ({
      weights: buffer,
      finish: (biases[i] as RowPart).buffer,
      first,
      columns: rows,
    }));
  }

  /** Where a tensor lies, by rows; linears are stored `[K, N]`, and their rows are columns. */
  parts(name: string): readonly RowPart[] {
    return this.#target(name).parts;
  }

  /** Buffer of a tensor that is never split. */
  get(name: string): GPUBuffer {
    const [part, ...others] = this.parts(name);
    if (!part || others.length > 0) throw new RangeError(`Tensor ${name} lies in several buffers`);
    return part.buffer;
  }

  begin(tensor: IncomingTensor): TensorWriter {
    const target = this.#targets.get(tensor.name);
    if (!target || tensor.elementOffset + tensor.elementCount > target.elements) {
      throw noPlaceFor(tensor);
    }
    const { storage } = target;
    return storage ? this.#linearWriter(tensor, target, storage) : this.#plainWriter(tensor, target);
  }

  /** Frees what uploading takes besides the weights; nothing can be written after it. */
  freeStaging(): void {
    this.#stagingScope.destroy();
  }

  /** Ends the upload. @throws WebDiTError `format` naming the first tensor that has not been filled. */
  finish(): void {
    this.freeStaging();
    for (const [name, { filled, elements }] of this.#targets) {
      if (filled !== elements) throw incompleteTensor(name, filled, elements);
    }
  }

  #target(name: string): Target {
    const target = this.#targets.get(name);
    if (!target) throw new RangeError(`No tensor ${name}`);
    return target;
  }

  /** Rows after which staging is emptied, in whole groups of four. */
  #flushRows(bytesPerRow: number): number {
    return Math.max(1, Math.floor(this.#stagingCapacity / (4 * bytesPerRow))) * 4;
  }

  #plainWriter(tensor: IncomingTensor, target: Target): TensorWriter {
    const bytesPerRow = target.width * 4;
    return {
      dtype: 'F32',
      write: async (bytes, byteOffset) => {
        const begin = tensor.elementOffset * 4 + byteOffset;
        for (let done = 0; done < bytes.byteLength; ) {
          const { buffer, first, rows } = partOf(target.parts, Math.floor((begin + done) / bytesPerRow));
          const at = begin + done - first * bytesPerRow;
          const piece = bytes.subarray(done, done + rows * bytesPerRow - at);
          await this.#upload(buffer, at, piece);
          done += piece.byteLength;
        }
      },
      end: () => {
        target.filled += tensor.elementCount;
      },
    };
  }

  #linearWriter(tensor: IncomingTensor, target: Target, storage: WeightStorage): TensorWriter {
    const scales = storage === 'int8' ? tensor.scales : undefined;
    const { dtype, bytes: bytesPerElement } = incoming(storage, scales !== undefined);
    const bytesPerRow = target.width * bytesPerElement;
    const flushRows = this.#flushRows(bytesPerRow);
    const firstRow = tensor.elementOffset / target.width;
    let row = firstRow;
    let staged = 0;
    /** What is staged goes to one part. */
    const room = () => {
      const { first, rows } = partOf(target.parts, row);
      return Math.min(flushRows, first + rows - row) * bytesPerRow - staged;
    };
    const flush = () => {
      const rows = staged / bytesPerRow;
      const scale = scales?.subarray(row - firstRow, row - firstRow + rows);
      if (rows > 0) this.#store({ name: tensor.name, row, rows, storage, scale });
      row += rows;
      staged = 0;
    };
    return {
      dtype,
      write: async (bytes) => {
        for (let start = 0; start < bytes.byteLength; ) {
          const piece = bytes.subarray(start, start + room());
          await this.#upload(this.#staging, staged, piece);
          staged += piece.byteLength;
          start += piece.byteLength;
          if (room() === 0) flush();
        }
      },
      end: () => {
        flush();
        target.filled += tensor.elementCount;
      },
    };
  }

  /** Moves staged rows to their columns: transposed, and as bytes where those are asked for. */
  #store({ name, row, rows, storage, scale }: StagedRows): void {
    const { width: K, parts } = this.#target(name);
    const { buffer, first, rows: columns } = partOf(parts, row);
    const N = inFours(columns);
    const column = row - first;
    const finish = storage === 'int8' ? partOf(this.parts(name.replace(/weight$/, 'bias')), row).buffer : undefined;
    const { device } = this.pipelines;
    if (finish && scale) device.queue.writeBuffer(finish, 4 * (N + column), scale);
    const quantizes = finish !== undefined && !scale;
    const dispatch = this.#builder.add({
      kernel: uploadKernel(storage, scale !== undefined),
      params: transposeParams({ rows: inFours(rows), K, N, column }),
      storage: [this.#staging, buffer, ...(quantizes ? [finish] : [])],
      workgroups: quantizes ? quantizeWorkgroups(rows) : flatWorkgroups((inFours(rows) * K) / 16),
      cost: rows * K,
    });
    submitProgram(device, [dispatch]);
  }

  /** Hands bytes to the queue; waits for the GPU now and then, so that the browser's copies cannot pile up. */
  async #upload(buffer: GPUBuffer, byteOffset: number, bytes: Uint8Array): Promise<void> {
    const { queue } = this.#scope.allocator.holder.device;
    queue.writeBuffer(buffer, byteOffset, bytes as Uint8Array<ArrayBuffer>);
    this.#uploaded += bytes.byteLength;
    if (this.#uploaded >= uploadWindowBytes) {
      this.#uploaded = 0;
      await queue.onSubmittedWorkDone();
    }
  }
}

function uploadKernel(storage: WeightStorage, isScaled: boolean): Kernel {
  return storage === 'int8' && !isScaled ? quantizeKernel : transposeKernel(storage);
}
