import { type AutoencoderKLConfig, type LatentGrid, type TensorSink, WebDiTError } from '@webdit/core';
import { Allocator, BufferScope } from '../allocator.ts';
import type { DeviceHolder } from '../device.ts';
import { wrongLength } from '../dit/limits.ts';
import { countingDevice, type DeviceGrants, grantsOf } from '../memory/counting-device.ts';
import { PipelineCache } from '../pipelines.ts';
import { createReadable, readFloats } from '../readback.ts';
import { Slicer } from '../slicer.ts';
import { DecoderGraph } from './graph.ts';
import { checkAutoencoder, pictureSize } from './sizes.ts';
import { type VaeDType, VaeWeights } from './weights.ts';

/** How a decoder is set up. */
export interface AutoencoderKLDecoderOptions {
  readonly weightDType: VaeDType;
  /** Bytes of a band of rows at most, as far as that can be; 16 MiB by default. Smaller ones take less memory and more dispatches. */
  readonly bandBytes?: number;
}

/** The decoder of an AutoencoderKL on a GPU. */
export class AutoencoderKLDecoder {
  readonly #allocator: Allocator;
  readonly #pipelines: PipelineCache;
  readonly #weights: VaeWeights;
  #busy = false;
  #disposed = false;

  private constructor(
    readonly holder: DeviceHolder,
    readonly config: AutoencoderKLConfig,
    allocator: Allocator,
    readonly options: AutoencoderKLDecoderOptions,
  ) {
    this.#allocator = allocator;
    this.#pipelines = PipelineCache.of(holder);
    this.#weights = new VaeWeights(config, options.weightDType, new BufferScope(allocator), this.#pipelines);
  }

  /**
   * Allocates the weights; fill `sink` next, then call `finishLoading`.
   * @throws WebDiTError `unsupported-config` for sizes the kernels cannot run, `out-of-memory`.
   */
  static async create(
    holder: DeviceHolder,
    config: AutoencoderKLConfig,
    options: AutoencoderKLDecoderOptions,
  ): Promise<AutoencoderKLDecoder> {
    checkAutoencoder(config);
    holder.clearErrors();
    const allocator = new Allocator(holder);
    try {
      const decoder = new AutoencoderKLDecoder(holder, config, allocator, options);
      await allocator.settle();
      await decoder.#pipelines.compile();
      return decoder;
    } catch (error) {
      allocator.destroyAll();
      throw error;
    }
  }

  /** Takes the weights, by diffusers' names. */
  get sink(): TensorSink {
    return this.#weights;
  }

  /** GPU bytes allocated now and at most since the last decode began. */
  get bytes(): { current: number; peak: number } {
    return this.#allocator.bytes;
  }

  /** Ends the upload. @throws WebDiTError `format` when a tensor is missing. */
  finishLoading(): void {
    this.#weights.finish();
  }

  /**
   * Compiles what decoding latents of a size runs, so that the first picture need not wait for it.
   * @throws WebDiTError `unsupported-config`, `out-of-memory`; the signal's reason.
   */
  async prepare(size: LatentGrid, signal?: AbortSignal): Promise<void> {
    const { holder, config, options } = this;
    const { program } = layOut(config, size, options, countingDevice(grantsOf(holder), holder.adapterInfo));
    for (const { handle } of program) this.#pipelines.request(handle.kernel, handle.constants);
    await this.#pipelines.compile(undefined, signal);
  }

  /**
   * Decodes latents `[latentChannels, height, width]`, divided by the scaling factor already, to a picture
   * `[outChannels, scale x height, scale x width]`, mostly in [-1, 1]. One at a time.
   * @throws WebDiTError `shape-mismatch`, `out-of-memory`, `device-lost`, `bad-argument`; the signal's reason.
   */
  async decode(
    latents: Float32Array,
    size: LatentGrid,
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<Float32Array> {
    const { config, holder } = this;
    const { latentChannels, outChannels } = config;
    const pixels = size.height * size.width;
    if (latents.length !== latentChannels * pixels)
      throw wrongLength('latents', latents.length, latentChannels * pixels);
    if (this.#disposed || this.#busy) {
      const state = this.#disposed ? 'has been disposed' : 'is decoding already';
      throw new WebDiTError('bad-argument', `The VAE ${state}.`, 'Load it again, or wait for it.');
    }
    this.#busy = true;
    const scope = new BufferScope(this.#allocator);
    try {
      holder.clearErrors();
      this.#allocator.resetPeak();
      const graph = new DecoderGraph(config, size, this.#weights, this.#pipelines, scope, this.options.bandBytes);
      await this.#allocator.settle();
      await this.#pipelines.compile(undefined, signal);
      const interleaved = channelsLast(latents, latentChannels);
      holder.device.queue.writeBuffer(graph.latents, 0, interleaved);
      const slicer = new Slicer(holder, { signal });
      await slicer.add(0, 0, graph.program);
      await slicer.finish();
      const picture = pictureSize(config, size);
      const image = await readFloats(holder, scope, graph.image, 4 * picture.height * picture.width);
      return channelsFirst(image, outChannels);
    } finally {
      scope.destroy();
      this.#busy = false;
    }
  }

  /** Frees all GPU memory. The device stays open. */
  dispose(): void {
    this.#disposed = true;
    this.#allocator.destroyAll();
  }
}

/** `[channels, pixels]` -> `[pixels, channels]`. */
function channelsLast(values: Float32Array, channels: number): Float32Array<ArrayBuffer> {
  const pixels = values.length / channels;
  return Float32Array.from(values, (_, i) => values[(i % channels) * pixels + Math.floor(i / channels)] as number);
}

/** `[pixels, 4]` -> `[channels, pixels]`, of the first channels. */
function channelsFirst(values: Float32Array, channels: number): Float32Array {
  const pixels = values.length / 4;
  const out = new Float32Array(channels * pixels);
  for (let channel = 0; channel < channels; channel++) {
    for (let pixel = 0; pixel < pixels; pixel++) out[channel * pixels + pixel] = values[4 * pixel + channel] as number;
  }
  return out;
}

/** What a decode takes. */
export interface DecoderMemory {
  /** Bytes of GPU memory, held as long as the VAE is loaded. */
  readonly weights: number;
  /** Bytes of one decode besides. */
  readonly activations: number;
  /** FLOPs of the largest dispatch, and of all. */
  readonly largestDispatch: number;
  readonly flops: number;
}

/**
 * What decoding latents of a size takes on a device, known without one.
 * @throws WebDiTError `unsupported-config`; `out-of-memory` naming the buffer that is larger than the device allows.
 */
export function countDecoder(
  config: AutoencoderKLConfig,
  size: LatentGrid,
  options: AutoencoderKLDecoderOptions,
  grants: DeviceGrants,
): DecoderMemory {
  checkAutoencoder(config);
  const { program, scope, weights } = layOut(config, size, options, countingDevice(grants));
  const costs = program.map(({ cost }) => cost);
  return {
    weights,
    activations: scope.allocator.bytes.current - weights,
    largestDispatch: costs.reduce((most, cost) => Math.max(most, cost), 0),
    flops: costs.reduce((sum, cost) => sum + cost, 0),
  };
}

/** A whole decode on a device that only counts. */
function layOut(
  config: AutoencoderKLConfig,
  size: LatentGrid,
  { weightDType, bandBytes }: AutoencoderKLDecoderOptions,
  holder: DeviceHolder,
) {
  const pipelines = PipelineCache.of(holder);
  const scope = new BufferScope(new Allocator(holder));
  const decoderWeights = new VaeWeights(config, weightDType, scope, pipelines);
  decoderWeights.freeStaging();
  const weights = scope.allocator.bytes.current;
  const { program, image } = new DecoderGraph(config, size, decoderWeights, pipelines, scope, bandBytes);
  createReadable(scope, image, image.size / 4);
  return { program, scope, weights };
}
