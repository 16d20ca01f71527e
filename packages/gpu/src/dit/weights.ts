import {
  type DiTConfig,
  ditTensorShapes,
  type IncomingTensor,
  type TensorSink,
  type TensorWriter,
  WebDiTError,
} from '@webdit/core';
import {
  flatWorkgroups,
  type MatmulWeights,
  transposeKernel,
  transposeParams,
  type WeightStorage,
} from '@webdit/shaders';
import { BufferScope } from '../allocator.ts';
import type { PipelineCache } from '../pipelines.ts';
import { encodeDispatch, ProgramBuilder } from '../program.ts';

/** Largest piece of a tensor that waits on the GPU, as PyTorch stores it, for its transposition. */
const stagingBytes = 32 * 2 ** 20;
/** Bytes handed to the queue before the reader waits for the GPU. */
const uploadWindowBytes = 32 * 2 ** 20;

interface Target {
  readonly buffer: GPUBuffer;
  readonly elements: number;
  /** Linears are stored `[K, N]`: `K` inputs, `N` outputs. Undefined for tensors stored as they come. */
  readonly linear: { readonly K: number; readonly N: number; readonly storage: WeightStorage } | undefined;
  filled: number;
}

const isLinear = (name: string, shape: readonly number[]) =>
  shape.length >= 2 && name.endsWith('.weight') && !name.includes('embedding_table');

/**
 * GPU home of a DiT's weights. Linears are transposed on the GPU from `[N, K]` to `[K, N]` in pieces as they arrive;
 * everything else is f32 as it comes. Tensors are by original DiT name.
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
    readonly storage: WeightStorage,
    readonly halfMath: boolean,
    scope: BufferScope,
    readonly pipelines: PipelineCache,
  ) {
    this.#scope = scope;
    this.#stagingScope = new BufferScope(scope.allocator);
    let largestLinear = 16;
    for (const { name, shape } of ditTensorShapes(config)) {
      const elements = shape.reduce((a, b) => a * b, 1);
      const linear = isLinear(name, shape)
        ? { K: elements / (shape[0] as number), N: shape[0] as number, storage: this.#storageOf(name) }
        : undefined;
      const bytes = elements * (linear?.storage === 'packed-f16' ? 2 : 4);
      if (linear) largestLinear = Math.max(largestLinear, bytes);
      const buffer = scope.create(name, bytes, GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST);
      this.#targets.set(name, { buffer, elements, linear, filled: 0 });
    }
    const limit = Math.min(stagingBytes, scope.allocator.holder.maxStorageBufferBindingSize);
    this.#stagingCapacity = Math.min(limit, largestLinear);
    this.#staging = this.#stagingScope.storage('staging', this.#stagingCapacity / 4);
    this.#builder = new ProgramBuilder('transpose', pipelines, this.#stagingScope);
    for (const name of new Set<WeightStorage>(['f32', storage])) pipelines.request(transposeKernel(name));
  }

  /** What the matmul kernels see of them: halves are multiplied as such where `halfMath` is set. */
  get kernelWeights(): MatmulWeights {
    return this.storage === 'packed-f16' && this.halfMath ? 'f16' : this.storage;
  }

  /** Buffer of a tensor; linears `[K, N]`. */
  get(name: string): GPUBuffer {
    const target = this.#targets.get(name);
    if (!target) throw new RangeError(`No tensor ${name}`);
    return target.buffer;
  }

  begin(tensor: IncomingTensor): TensorWriter {
    const target = this.#targets.get(tensor.name);
    if (!target || tensor.elementOffset + tensor.elementCount > target.elements) {
      throw new WebDiTError(
        'shape-mismatch',
        `The model has no place for tensor ${tensor.name} of shape [${tensor.shape}].`,
        'Check that config.json belongs to these weights.',
      );
    }
    return target.linear ? this.#linearWriter(tensor, target) : this.#plainWriter(tensor, target);
  }

  /** @throws WebDiTError `format` naming the first tensor that has not been filled. Frees the staging memory. */
  finish(): void {
    this.#stagingScope.destroy();
    for (const [name, { filled, elements }] of this.#targets) {
      if (filled === elements) continue;
      throw new WebDiTError(
        'format',
        `Tensor ${name} got ${filled} of ${elements} values.`,
        'Download the weights again; the file is not complete.',
      );
    }
  }

  #storageOf(name: string): WeightStorage {
    return name.startsWith('x_embedder') ? 'f32' : this.storage;
  }

  /** Staging is emptied after whole groups of four rows. */
  #flushBytes(K: number, storage: WeightStorage): number {
    const fourRows = 4 * K * (storage === 'packed-f16' ? 2 : 4);
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
    const { K, N, storage } = target.linear as NonNullable<Target['linear']>;
    const bytesPerElement = storage === 'packed-f16' ? 2 : 4;
    const flushBytes = this.#flushBytes(K, storage);
    let column = tensor.elementOffset / K;
    let staged = 0;
    const flush = () => {
      const rows = staged / (K * bytesPerElement);
      if (rows > 0) this.#transpose(target.buffer, storage, { rows, K, N, column });
      column += rows;
      staged = 0;
    };
    return {
      dtype: storage === 'packed-f16' ? 'F16' : 'F32',
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

  #transpose(
    output: GPUBuffer,
    storage: WeightStorage,
    size: { rows: number; K: number; N: number; column: number },
  ): void {
    const { device } = this.pipelines;
    const dispatch = this.#builder.add({
      kernel: transposeKernel(storage),
      params: transposeParams(size),
      storage: [this.#staging, output],
      workgroups: flatWorkgroups((size.rows * size.K) / 16),
      cost: size.rows * size.K,
    });
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    encodeDispatch(pass, dispatch);
    pass.end();
    device.queue.submit([encoder.finish()]);
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
