import { WebDiTError } from '@webdit/core';
import type { InferenceSession, Tensor } from 'onnxruntime-web';
import { abortable } from './abortable.ts';
import { canWaitForGpu, loadOnnxRuntime, type OnnxRuntime, quietSession } from './onnx-runtime.ts';
import type { VaeBackend, WasmPaths } from './types.ts';

/** Where a VAE may run besides wasm. */
export interface VaeGpu {
  readonly device: GPUDevice;
  /** A software adapter: running on its CPU through wasm beats running on its CPU through WGSL. */
  readonly isFallback: boolean;
}

export interface VaeOptions {
  readonly backend: VaeBackend | 'auto';
  /** Null leaves wasm. */
  readonly gpu: VaeGpu | null;
  readonly wasmPaths: WasmPaths | null;
  /** Stops `create`; a session that is made nevertheless is released. */
  readonly signal?: AbortSignal | undefined;
}

/** One of a VAE's two halves, for errors. */
export interface VaeHalf {
  readonly name: 'decoder' | 'encoder';
  /** What to do without it. */
  readonly instead: string;
}

const noJspi =
  "The VAE cannot decode on the GPU because this browser's WebAssembly cannot wait for promises (JSPI); wasm can decode.";

/** Half of a VAE in onnxruntime-web, on our GPUDevice or in wasm. */
export class VaeSession {
  private constructor(
    readonly backend: VaeBackend,
    /** Why the backend is not the first choice, one sentence; null when it is. */
    readonly note: string | null,
    private readonly half: VaeHalf,
    private readonly runtime: OnnxRuntime,
    private readonly session: InferenceSession,
    /** Null in wasm. */
    private readonly device: GPUDevice | null,
  ) {}

  /**
   * Creates the session. `auto` takes wasm without a GPU, on software adapters, in Node and where WebAssembly has no JSPI, else
   * webgpu, falling back to wasm.
   * @throws WebDiTError `format` when the file cannot be loaded by the backend that was asked for, `bad-argument` for webgpu
   *   without a GPU or JSPI, or `signal.reason`.
   */
  static async create(file: Uint8Array, half: VaeHalf, options: VaeOptions): Promise<VaeSession> {
    const { gpu, signal = new AbortController().signal } = options;
    const fastGpu = gpu !== null && !gpu.isFallback && typeof navigator !== 'undefined' && 'gpu' in navigator;
    const wanted = options.backend === 'auto' ? (fastGpu && canWaitForGpu ? 'webgpu' : 'wasm') : options.backend;
    if (wanted === 'webgpu' && !gpu) {
      throw new WebDiTError('bad-argument', 'The VAE has no GPU to decode on.', "Use vaeBackend: 'wasm'.");
    }
    if (wanted === 'webgpu' && !canWaitForGpu) throw new WebDiTError('bad-argument', noJspi, "Use vaeBackend: 'wasm'.");
    const open = async (backend: VaeBackend, note: string | null) => {
      const device = backend === 'webgpu' && gpu ? gpu.device : null;
      const runtime = await abortable(loadOnnxRuntime(backend, options.wasmPaths), signal);
      const creating = runtime.InferenceSession.create(file, sessionOptions(device));
      const session = await abortable(creating, signal, (late) => void late.release().catch(() => {}));
      return new VaeSession(backend, note, half, runtime, session, device);
    };
    try {
      return await open(wanted, options.backend === 'auto' && fastGpu && !canWaitForGpu ? noJspi : null);
    } catch (error) {
      signal.throwIfAborted();
      if (options.backend !== 'auto' || wanted === 'wasm') throw sessionError(half, wanted, error);
    }
    try {
      return await open('wasm', 'The VAE runs in wasm because onnxruntime-web could not use the GPU.');
    } catch (error) {
      signal.throwIfAborted();
      throw sessionError(half, 'wasm', error);
    }
  }

  /** Null on the GPU. */
  get threads(): number | null {
    return this.backend === 'wasm' ? (this.runtime.env.wasm.numThreads ?? 1) : null;
  }

  /**
   * One tensor in, one out.
   * @throws WebDiTError `shape-mismatch` when what comes out has none of the shapes, `format` when it cannot be run.
   */
  async run(
    values: Float32Array<ArrayBuffer>,
    dims: readonly number[],
    shapes: readonly (readonly number[])[],
  ): Promise<Float32Array> {
    const { half, session } = this;
    const input = this.device ? upload(this.device, `vae ${half.name} input`, values) : null;
    const tensor = input ? this.gpuTensor(input, dims) : new this.runtime.Tensor('float32', values, dims);
    try {
      const results = await session.run({ [session.inputNames[0] as string]: tensor });
      const output = results[session.outputNames[0] as string] as Tensor;
      const data = (await output.getData(true)) as Float32Array;
      checkShape(half, output.dims, shapes);
      return data;
    } catch (cause) {
      if (cause instanceof WebDiTError) throw cause;
      throw new WebDiTError(
        'format',
        `onnxruntime-web (${this.backend}) could not run the VAE ${half.name}.`,
        `Check that ${half.name}.onnx belongs to this model, use vaeBackend: 'wasm', or ${half.instead}.`,
        { cause },
      );
    } finally {
      tensor.dispose();
      input?.destroy();
    }
  }

  async release(): Promise<void> {
    await this.session.release();
  }

  private gpuTensor(buffer: GPUBuffer, dims: readonly number[]): Tensor {
    return this.runtime.Tensor.fromGpuBuffer(buffer, { dataType: 'float32', dims });
  }
}

function upload(device: GPUDevice, label: string, values: Float32Array<ArrayBuffer>): GPUBuffer {
  const buffer = device.createBuffer({
    label,
    size: Math.ceil(values.byteLength / 16) * 16,
    usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC,
  });
  device.queue.writeBuffer(buffer, 0, values);
  return buffer;
}

function checkShape({ name }: VaeHalf, dims: readonly number[], shapes: readonly (readonly number[])[]): void {
  if (shapes.some((shape) => shape.join() === dims.join())) return;
  throw new WebDiTError(
    'shape-mismatch',
    `The VAE ${name} returned [${dims.join(', ')}] where the model's configuration says [${shapes[0]?.join(', ')}].`,
    `Check that ${name}.onnx and vae/config.json belong together.`,
  );
}

function sessionOptions(device: GPUDevice | null): InferenceSession.SessionOptions {
  if (!device) return { ...quietSession, executionProviders: ['wasm'] };
  return {
    ...quietSession,
    executionProviders: [{ name: 'webgpu', device }],
    preferredOutputLocation: 'gpu-buffer',
  };
}

function sessionError({ name, instead }: VaeHalf, backend: VaeBackend, cause: unknown): WebDiTError {
  if (cause instanceof WebDiTError) return cause;
  return new WebDiTError(
    'format',
    `onnxruntime-web (${backend}) could not load the VAE ${name}.`,
    `Check that its .wasm file is served (option wasmPaths) and that ${name}.onnx is complete, or ${instead}.`,
    { cause },
  );
}
