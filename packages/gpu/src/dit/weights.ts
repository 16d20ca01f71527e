import {
  type DiTConfig,
  ditTensorShapes,
  type IncomingTensor,
  incompleteTensor,
  noPlaceFor,
  type TensorSink,
  type TensorWriter,
  WebDiTError,
} from '@webdit/core';
import {
  bytesPerWeight,
  flatWorkgroups,
  type Kernel,
  type MatmulWeights,
  quantizeKernel,
  quantizeWorkgroups,
  transposeKernel,
  transposeParams,
  type WeightStorage,
} from '@webdit/shaders';
import { BufferScope } from '../allocator.ts';
import type { DeviceHolder } from '../device.ts';
import type { PipelineCache } from '../pipelines.ts';
import { ProgramBuilder, submitProgram } from '../program.ts';

/** Largest piece of a tensor that waits on the GPU, as PyTorch stores it, for its transposition. */
const stagingBytes = 32 * 2 ** 20;
/** Bytes handed to the queue before the reader waits for the GPU. */
const uploadWindowBytes = 32 * 2 ** 20;

/** What linear weights are kept as: f32, halves, or bytes with a scale per output channel. */
export type WeightDType = 'f32' | 'f16' | 'int8';

/** What weights are multiplied in; sums are f32. */
export type MathDType = 'f32' | 'f16';

/**
 * `auto` multiplies halves as halves on hardware that can: software adapters gain nothing from it.
 * @throws WebDiTError `unsupported-config` for f16 without the adapter's `shader-f16`, `bad-argument` without halves.
 */
export function chooseMath(math: MathDType | 'auto', dtype: WeightDType, holder: DeviceHolder): MathDType {
  const able = holder.features.has('shader-f16');
  if (math === 'auto') return able && dtype === 'f16' && !holder.adapterInfo.isFallback ? 'f16' : 'f32';
  if (math === 'f16' && dtype !== 'f16') {
    throw new WebDiTError(
      'bad-argument',
      `math f16 needs f16 weights, and dtype is ${dtype}.`,
      'Use dtype f16 with it.',
    );
  }
  if (math === 'f16' && !able) {
    throw new WebDiTError('unsupported-config', 'This adapter has no shader-f16.', 'Leave math out, or use f32.');
  }
  return math;
}

interface LinearTarget {
  /** Inputs and outputs; stored `[K, N]`. */
  readonly K: number;
  readonly N: number;
  readonly storage: WeightStorage;
  /** Where the scales of int8 weights go, behind the bias. */
  readonly finish: GPUBuffer | undefined;
}

interface Target {
  readonly buffer: GPUBuffer;
  readonly elements: number;
  /** Undefined for tensors stored as they come. */
  readonly linear: LinearTarget | undefined;
  filled: number;
}

/** What a linear arrives as: bytes are made of f32 on the GPU. */
const incoming = (storage: WeightStorage) =>
  storage === 'packed-f16' ? ({ dtype: 'F16', bytes: 2 } as const) : ({ dtype: 'F32', bytes: 4 } as const);

const isLinear = (name: string, shape: readonly number[]) =>
  shape.length >= 2 && name.endsWith('.weight') && !name.includes('embedding_table');

/** The linears int8 is for: nearly all of a model, and none of those that touch its input or output. */
const isBlockLinear = (name: string) => /^blocks\.\d+\.(attn|mlp|adaLN_modulation)\./.test(name);

function storageOf(name: string, dtype: WeightDType): WeightStorage {
  if (name.startsWith('x_embedder') || dtype === 'f32') return 'f32';
  if (dtype === 'f16') return 'packed-f16';
  return isBlockLinear(name) ? 'int8' : 'f32';
}

/**
 * GPU home of a DiT's weights. Linears are transposed on the GPU from `[N, K]` to `[K, N]` in pieces as they arrive, and made
 * into bytes there for int8; everything else is f32 as it comes. Tensors are by original DiT name.
 */
export class DiTWeights implements TensorSink {
  readonly #targets = new Map<string, Target>();
  readonly #scope: BufferScope;
  readonly #stagingScope: BufferScope;
  readonly #builder: ProgramBuilder;
  readonly #staging: GPUBuffer;
  readonly #stagingCapacity: number;
  #uploaded = 0;

  constructor(
    config: DiTConfig,
    readonly options: {
      readonly dtype: WeightDType;
      readonly math: MathDType;
    },
    scope: BufferScope,
    readonly pipelines: PipelineCache,
  ) {
    const { dtype } = options;
    this.#scope = scope;
    this.#stagingScope = new BufferScope(scope.allocator);
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST;
    const shapes = ditTensorShapes(config);
    const int8Biases = new Map<string, GPUBuffer>();
    for (const { name, shape } of shapes) {
      if (!name.endsWith('.bias') || storageOf(name, dtype) !== 'int8') continue;
      int8Biases.set(name, scope.create(`${name} and scale`, 2 * 4 * (shape[0] as number), usage));
    }
    let largestLinear = 16;
    for (const { name, shape } of shapes) {
      const elements = shape.reduce((a, b) => a * b, 1);
      const storage = isLinear(name, shape) ? storageOf(name, dtype) : undefined;
      const N = shape[0] as number;
      const finish = int8Biases.get(name.replace(/weight$/, 'bias'));
      const linear = storage && { K: elements / N, N, storage, finish };
      if (storage) largestLinear = Math.max(largestLinear, elements * incoming(storage).bytes);
      const buffer = int8Biases.get(name) ?? scope.create(name, elements * bytesPerWeight[storage ?? 'f32'], usage);
      this.#targets.set(name, { buffer, elements, linear, filled: 0 });
    }
    const limit = Math.min(stagingBytes, scope.allocator.holder.maxStorageBufferBindingSize);
    this.#stagingCapacity = Math.min(limit, largestLinear);
    this.#staging = this.#stagingScope.storage('staging', this.#stagingCapacity / 4);
    this.#builder = new ProgramBuilder('upload', pipelines, this.#stagingScope);
    for (const { linear } of this.#targets.values()) if (linear) pipelines.request(uploadKernel(linear.storage));
  }

  /** What the matmul kernel of a linear, such as `blocks.0.attn.qkv`, finds. */
  kernelWeights(linear: string): MatmulWeights {
    const storage = this.#targets.get(`${linear}.weight`)?.linear?.storage;
    if (!storage) throw new RangeError(`No linear ${linear}`);
    return storage === 'packed-f16' && this.options.math === 'f16' ? 'f16' : storage;
  }

  /** Buffer of a tensor; linears `[K, N]`, biases of int8 linears `[2, N]`: bias and scale. */
  get(name: string): GPUBuffer {
    const target = this.#targets.get(name);
    if (!target) throw new RangeError(`No tensor ${name}`);
    return target.buffer;
  }

  begin(tensor: IncomingTensor): TensorWriter {
    const target = this.#targets.get(tensor.name);
    if (!target || tensor.elementOffset + tensor.elementCount > target.elements) {
      throw noPlaceFor(tensor);
    }
    return target.linear ? this.#linearWriter(tensor, target) : this.#plainWriter(tensor, target);
  }

  /** @throws WebDiTError `format` naming the first tensor that has not been filled. Frees the staging memory. */
  finish(): void {
    this.#stagingScope.destroy();
    for (const [name, { filled, elements }] of this.#targets) {
      if (filled !== elements) throw incompleteTensor(name, filled, elements);
    }
  }

  /** Staging is emptied after whole groups of four rows. */
  #flushBytes({ K, storage }: LinearTarget): number {
    const fourRows = 4 * K * incoming(storage).bytes;
    return Math.max(1, Math.floor(this.#stagingCapacity / fourRows)) * fourRows;
  }

  #plainWriter(tensor: IncomingTensor, target: Target): TensorWriter {
    return {
      dtype: 'F32',
      write: (bytes, byteOffset) => this.#upload(target.buffer, tensor.elementOffset * 4 + byteOffset, bytes),
      end: () => {
        target.filled += tensor.elementCount;
      },
    };
  }

  #linearWriter(tensor: IncomingTensor, target: Target): TensorWriter {
    const linear = target.linear as LinearTarget;
    const { dtype, bytes: bytesPerElement } = incoming(linear.storage);
    const flushBytes = this.#flushBytes(linear);
    let column = tensor.elementOffset / linear.K;
    let staged = 0;
    const flush = () => {
      const rows = staged / (linear.K * bytesPerElement);
      if (rows > 0) this.#store(target.buffer, linear, rows, column);
      column += rows;
      staged = 0;
    };
    return {
      dtype,
      write: async (bytes) => {
        for (let start = 0; start < bytes.byteLength; ) {
          const piece = bytes.subarray(start, start + Math.min(bytes.byteLength - start, flushBytes - staged));
          await this.#upload(this.#staging, staged, piece);
          staged += piece.byteLength;
          start += piece.byteLength;
          if (staged === flushBytes) flush();
        }
      },
      end: () => {
        flush();
        target.filled += tensor.elementCount;
      },
    };
  }

  /** Moves what is staged to its columns: transposed, and as bytes where those are asked for. */
  #store(output: GPUBuffer, { K, N, storage, finish }: LinearTarget, rows: number, column: number): void {
    const dispatch = this.#builder.add({
      kernel: uploadKernel(storage),
      params: transposeParams({ rows, K, N, column }),
      storage: [this.#staging, output, ...(finish ? [finish] : [])],
      workgroups: storage === 'int8' ? quantizeWorkgroups(rows) : flatWorkgroups((rows * K) / 16),
      cost: rows * K,
    });
    submitProgram(this.pipelines.device, [dispatch]);
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

function uploadKernel(storage: WeightStorage): Kernel {
  return storage === 'int8' ? quantizeKernel : transposeKernel(storage);
}
