import { type LatentGrid, WebDiTError } from '@webdit/core';
import type { InferenceSession, Tensor } from 'onnxruntime-web';
import { abortable } from './abortable.ts';
import type { LatentDecoder } from './latent-decoder.ts';
import { canWaitForGpu, loadOnnxRuntime, type OnnxRuntime, quietSession } from './onnx-runtime.ts';
import type { VaeBackend, WasmPaths } from './types.ts';

export interface VaeModel {
  /** `decoder.onnx`, whole. */
  readonly decoder: Uint8Array;
  /** What latents are divided by before decoding. */
  readonly scalingFactor: number;
  /** Latents of one picture, `[channels, height, width]`. */
  readonly latentShape: readonly [number, number, number];
  /** Pixels per latent pixel, along each side. */
  readonly spatialScale: number;
}

/** Where the VAE may decode besides wasm. */
export interface VaeGpu {
  readonly device: GPUDevice;
  /** A software adapter: decoding on its CPU through wasm beats decoding on its CPU through WGSL. */
  readonly isFallback: boolean;
}

export interface VaeOptions {
  readonly backend: VaeBackend | 'auto';
  /** Null leaves wasm. */
  readonly gpu: VaeGpu | null;
  readonly wasmPaths: WasmPaths | null;
  /** Stops `create`; a session that is made nevertheless is released. */
  readonly signal?: AbortSignal;
}

const noJspi =
  "The VAE cannot decode on the GPU because this browser's WebAssembly cannot wait for promises (JSPI); wasm can decode.";

/** Decodes latents to pixels with onnxruntime-web, on our GPUDevice or in wasm. */
export class VaeDecoder implements LatentDecoder {
  readonly note: string | null;
  /** What it takes there is onnxruntime's. */
  readonly gpuBytes = 0;

  private constructor(
    readonly backend: VaeBackend,
    private readonly runtime: OnnxRuntime,
    private readonly session: InferenceSession,
    private readonly model: Omit<VaeModel, 'decoder'>,
    /** Null in wasm. */
    private readonly device: GPUDevice | null,
    note: string | null,
  ) {
    this.note = note;
  }

  /**
   * Creates the session. `auto` takes wasm without a GPU, on software adapters, in Node and where WebAssembly has no JSPI, else
   * webgpu, falling back to wasm.
   * @throws WebDiTError `format` when the decoder cannot be loaded by the backend that was asked for, `bad-argument` for webgpu
   *   without a GPU or JSPI, or `signal.reason`.
   */
  static async create(model: VaeModel, options: VaeOptions): Promise<VaeDecoder> {
    const { gpu, signal = new AbortController().signal } = options;
    const fastGpu = gpu !== null && !gpu.isFallback && typeof navigator !== 'undefined' && 'gpu' in navigator;
    const wanted = options.backend === 'auto' ? (fastGpu && canWaitForGpu ? 'webgpu' : 'wasm') : options.backend;
    if (wanted === 'webgpu' && !gpu) {
      throw new WebDiTError('bad-argument', 'The VAE has no GPU to decode on.', "Use vaeBackend: 'wasm'.");
    }
    if (wanted === 'webgpu' && !canWaitForGpu) throw new WebDiTError('bad-argument', noJspi, "Use vaeBackend: 'wasm'.");
    const { decoder, ...rest } = model;
    const open = async (backend: VaeBackend, note: string | null) => {
      const device = backend === 'webgpu' && gpu ? gpu.device : null;
      const runtime = await abortable(loadOnnxRuntime(backend, options.wasmPaths), signal);
      const creating = runtime.InferenceSession.create(decoder, sessionOptions(device));
      const session = await abortable(creating, signal, (late) => void late.release().catch(() => {}));
      return new VaeDecoder(backend, runtime, session, rest, device, note);
    };
    try {
      return await open(wanted, options.backend === 'auto' && fastGpu && !canWaitForGpu ? noJspi : null);
    } catch (error) {
      signal.throwIfAborted();
      if (options.backend !== 'auto' || wanted === 'wasm') throw sessionError(wanted, error);
    }
    try {
      return await open('wasm', 'The VAE runs in wasm because onnxruntime-web could not use the GPU.');
    } catch (error) {
      signal.throwIfAborted();
      throw sessionError('wasm', error);
    }
  }

  get threads(): number | null {
    return this.backend === 'wasm' ? (this.runtime.env.wasm.numThreads ?? 1) : null;
  }

  imageSizeOf({ width, height }: LatentGrid): { width: number; height: number } {
    return { width: width * this.model.spatialScale, height: height * this.model.spatialScale };
  }

  private get ownSize(): LatentGrid {
    const [, height, width] = this.model.latentShape;
    return { height, width };
  }

  /** @throws WebDiTError `shape-mismatch` when the decoder's output has another shape, `format` when it cannot be run. */
  async decode(latents: Float32Array, size = this.ownSize): Promise<Float32Array> {
    const dims = [1, this.model.latentShape[0], size.height, size.width];
    const scaled = latents.map((value) => value / this.model.scalingFactor);
    const input = this.device ? upload(this.device, scaled) : null;
    const tensor = input ? this.gpuTensor(input, dims) : new this.runtime.Tensor('float32', scaled, dims);
    const outputName = this.session.outputNames[0] as string;
    try {
      const results = await this.session.run({ [this.session.inputNames[0] as string]: tensor });
      const output = results[outputName] as Tensor;
      const data = (await output.getData(true)) as Float32Array;
      this.check(output.dims, size);
      return data;
    } catch (cause) {
      if (cause instanceof WebDiTError) throw cause;
      throw new WebDiTError(
        'format',
        `onnxruntime-web (${this.backend}) could not run the VAE decoder.`,
        "Check that decoder.onnx belongs to this model, use vaeBackend: 'wasm', or ask for outputType: 'latent'.",
        { cause },
      );
    } finally {
      tensor.dispose();
      input?.destroy();
    }
  }

  async dispose(): Promise<void> {
    await this.session.release();
  }

  private gpuTensor(buffer: GPUBuffer, dims: readonly number[]): Tensor {
    return this.runtime.Tensor.fromGpuBuffer(buffer, { dataType: 'float32', dims });
  }

  private check(dims: readonly number[], size: LatentGrid): void {
    const { width, height } = this.imageSizeOf(size);
    const expected = [1, 3, height, width];
    if (dims.join() === expected.join()) return;
    throw new WebDiTError(
      'shape-mismatch',
      `The VAE decoder returned [${dims.join(', ')}] where the model's configuration says [${expected.join(', ')}].`,
      'Check that decoder.onnx and vae/config.json belong together.',
    );
  }
}

function upload(device: GPUDevice, values: Float32Array<ArrayBuffer>): GPUBuffer {
  const buffer = device.createBuffer({
    label: 'vae latents',
    size: Math.ceil(values.byteLength / 16) * 16,
    usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC,
  });
  device.queue.writeBuffer(buffer, 0, values);
  return buffer;
}

function sessionOptions(device: GPUDevice | null): InferenceSession.SessionOptions {
  if (!device) return { ...quietSession, executionProviders: ['wasm'] };
  return {
    ...quietSession,
    executionProviders: [{ name: 'webgpu', device }],
    preferredOutputLocation: 'gpu-buffer',
  };
}

function sessionError(backend: VaeBackend, cause: unknown): WebDiTError {
  if (cause instanceof WebDiTError) return cause;
  return new WebDiTError(
    'format',
    `onnxruntime-web (${backend}) could not load the VAE decoder.`,
    "Check that its .wasm file is served (option wasmPaths) and that decoder.onnx is complete, or use outputType: 'latent'.",
    { cause },
  );
}
