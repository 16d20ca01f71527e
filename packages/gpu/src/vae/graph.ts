import {
  type AutoencoderKLConfig,
  decoderMiddle,
  decoderUpBlocks,
  type LatentGrid,
  midChannels,
  type ResidualBlock,
} from '@webdit/core';
import { convInputRows, type GroupNormMode } from '@webdit/shaders/vae';
import type { BufferScope } from '../allocator.ts';
import type { PipelineCache } from '../pipelines.ts';
import { type Dispatch, ProgramBuilder } from '../program.ts';
import { inFours } from '../weights.ts';
import { BandPool, bufferOf, type FeatureMap, rowBytes, wholeMap } from './bands.ts';
import { VaeOps } from './ops.ts';
import { bandBytesFor, chunkElements, pictureSize } from './sizes.ts';
import type { VaeWeights } from './weights.ts';

/** What a convolution does besides. */
interface ConvOptions {
  readonly outChannels: number;
  /** Norms its input by the statistics made last, and applies SiLU. */
  readonly mode: GroupNormMode;
  readonly upsample?: boolean;
  /** Where its output goes; a new map by default. With `accumulate` it is added there. */
  readonly into?: FeatureMap;
  readonly accumulate?: boolean;
  /** Keeps the input's bands. */
  readonly keep?: boolean;
  /** What else reads these rows of the input before its bands are given back; `band` counts those of the output. */
  readonly alongside?: (band: number, first: number, end: number) => void;
}

/**
 * The decoder for latents of one size, as one program. It runs layer by layer; every layer in bands of rows, each with the rows of its
 * neighbours that a convolution reaches, and gives its input's bands back as it goes. Norms take the statistics of the whole picture.
 */
export class DecoderGraph {
  readonly program: Dispatch[] = [];
  /** `[height, width, latentChannels]`. */
  readonly latents: GPUBuffer;
  /** `[height, width, 4]`. */
  readonly image: GPUBuffer;
  readonly #ops: VaeOps;
  readonly #pool: BandPool;
  /** Normed rows with their border, which a convolution reads. */
  readonly #bordered: GPUBuffer;

  /** @param bandBytes of a band at most; by default 16 MiB. */
  constructor(
    readonly config: AutoencoderKLConfig,
    readonly latent: LatentGrid,
    weights: VaeWeights,
    pipelines: PipelineCache,
    readonly scope: BufferScope,
    bandBytes?: number,
  ) {
    const { height, width } = latent;
    const picture = pictureSize(config, latent);
    const bytes = bandBytesFor(config, latent, scope.allocator.holder.maxStorageBufferBindingSize, bandBytes);
    this.#pool = new BandPool(scope, bytes);
    this.#ops = new VaeOps(config, weights, new ProgramBuilder('vae', pipelines, scope), {
      chunkElements: chunkElements(config, latent, bytes),
      widest: Math.max(inFours(height * width), midChannels(config)),
    });
    const channels = config.latentChannels;
    this.latents = scope.storage('vae.latents', height * width * channels);
    this.image = scope.storage('vae.image', picture.height * picture.width * 4);
    this.#bordered = this.#pool.acquire();
    this.#build(wholeMap({ channels, height, width }, this.latents), wholeMap({ channels: 4, ...picture }, this.image));
  }

  #build(latents: FeatureMap, image: FeatureMap): void {
    const { config } = this;
    const quantized = config.usePostQuantConv ? this.#postQuant(latents) : latents;
    const { attention, resnets } = decoderMiddle(config);
    let x = this.#conv(quantized, 'decoder.conv_in', { outChannels: midChannels(config), mode: 'copy', keep: true });
    x = this.#resnet(x, resnets[0]);
    if (config.midBlockAddAttention) this.#attention(x, attention);
    x = this.#resnet(x, resnets[1]);
    for (const { resnets, upsampler, channels } of decoderUpBlocks(config)) {
      for (const block of resnets) x = this.#resnet(x, block);
      if (upsampler !== null) x = this.#conv(x, upsampler, { outChannels: channels, mode: 'copy', upsample: true });
    }
    this.#statistics(x, 'decoder.conv_norm_out');
    this.#conv(x, 'decoder.conv_out', { outChannels: config.outChannels, mode: 'silu', into: image });
  }

  #postQuant(latents: FeatureMap): FeatureMap {
    const { channels, height, width, bands } = latents;
    const output = this.scope.storage('vae.quantized', height * width * channels);
    for (const band of bands) {
      const rows = [0, height * width] as const;
      this.#do(this.#ops.linear('post_quant_conv', { input: bufferOf(band), output, K: channels, N: channels, rows }));
    }
    return wholeMap({ channels, height, width }, output);
  }

  /** x + conv2(conv1(x)), each after its norm and SiLU; x itself is written where the widths agree. */
  #resnet(x: FeatureMap, { prefix, inChannels, outChannels }: ResidualBlock): FeatureMap {
    const isWider = inChannels !== outChannels;
    const sum = isWider ? this.#pool.map({ ...x, channels: outChannels }) : x;
    const shortcut = (band: number, first: number, end: number) => {
      const target = sum.bands[band] as FeatureMap['bands'][number];
      const output = this.#pool.fill(target);
      this.#shortcut(`${prefix}.conv_shortcut`, x, { output, outputFirst: target.first, outChannels }, first, end);
    };
    this.#statistics(x, `${prefix}.norm1`);
    const hidden = this.#conv(x, `${prefix}.conv1`, {
      outChannels,
      mode: 'silu',
      keep: !isWider,
      ...(isWider ? { alongside: shortcut } : {}),
    });
    this.#statistics(hidden, `${prefix}.norm2`);
    return this.#conv(hidden, `${prefix}.conv2`, { outChannels, mode: 'silu', into: sum, accumulate: true });
  }

  /** The 1 x 1 convolution of some rows. */
  #shortcut(
    name: string,
    x: FeatureMap,
    to: { readonly output: GPUBuffer; readonly outputFirst: number; readonly outChannels: number },
    first: number,
    end: number,
  ): void {
    const { width, channels } = x;
    for (const band of x.bands) {
      const from = Math.max(first, band.first);
      const until = Math.min(end, band.first + band.rows);
      if (from >= until) continue;
      this.#do(
        this.#ops.linear(name, {
          input: bufferOf(band),
          output: to.output,
          K: channels,
          N: to.outChannels,
          rows: [(from - band.first) * width, (until - band.first) * width],
          outputRow: (from - to.outputFirst) * width,
        }),
      );
    }
  }

  /** Self-attention over all pixels with one head, added to x: scores of a block of queries at a time. */
  #attention(x: FeatureMap, prefix: string): void {
    const { channels, height, width } = x;
    const [band] = x.bands;
    if (!band || x.bands.length > 1) throw new RangeError('The middle lies in several bands');
    const ops = this.#ops;
    const count = height * width;
    const tokens = inFours(count);
    const [normed, q, k, v, keys, scores] = Array.from({ length: 6 }, () => this.#pool.acquire()) as [
      GPUBuffer,
      GPUBuffer,
      GPUBuffer,
      GPUBuffer,
      GPUBuffer,
      GPUBuffer,
    ];
    const place = {
      channels,
      width: 1,
      border: 0,
      rows: tokens,
      above: 0,
      copied: count,
      inputFirst: 0,
      outputFirst: 0,
    };
    const linear = (name: string, input: GPUBuffer, output: GPUBuffer) =>
      this.#do(ops.linear(`${prefix}.${name}`, { input, output, K: channels, N: channels, rows: [0, tokens] }));
    this.#statistics(x, `${prefix}.group_norm`);
    this.#do([ops.rows(bufferOf(band), normed, 'norm', place)]);
    linear('to_q', normed, q);
    linear('to_k', normed, k);
    linear('to_v', normed, v);
    this.#do([ops.transpose(k, keys, tokens, channels)]);
    // What was normed has been read: the attention's output takes its place.
    const most = Math.floor(this.#pool.bytes / (4 * tokens));
    for (let first = 0; first < count; first += most) {
      const rows = Math.min(most, count - first);
      this.#do([
        ...ops.multiply(
          { input: q, output: scores, K: channels, N: tokens, rows: [first, first + rows], outputRow: 0 },
          keys,
        ),
        ops.softmax(scores, { rows, width: tokens, count, scale: 1 / Math.sqrt(channels) }),
        ...ops.multiply(
          { input: scores, output: normed, K: tokens, N: channels, rows: [0, rows], outputRow: first },
          v,
        ),
      ]);
    }
    linear('to_out.0', normed, q);
    this.#do([ops.add(q, bufferOf(band), count * channels)]);
    for (const buffer of [normed, q, k, v, keys, scores]) this.#pool.release(buffer);
  }

  #conv(source: FeatureMap, name: string, options: ConvOptions): FeatureMap {
    const { outChannels, mode, upsample = false, accumulate = false, keep = false } = options;
    const shift = Number(upsample);
    const grid = { height: source.height << shift, width: source.width << shift };
    const out = options.into ?? this.#pool.map({ channels: outChannels, ...grid });
    const { channels } = source;
    const inputRows = Math.floor(this.#pool.bytes / rowBytes({ channels, width: source.width + 2 }));
    const most = (inputRows - 2) << shift;
    for (const [index, band] of out.bands.entries()) {
      const output = this.#pool.fill(band);
      const last = band.first + band.rows;
      for (let first = band.first; first < last; first += most) {
        const end = Math.min(first + most, last);
        const [inputFirst, inputEnd] = convInputRows(first, end, upsample);
        this.#gather(source, mode, inputFirst, inputEnd);
        const { width } = grid;
        const rows = [first, end] as const;
        const [K, N] = [channels, inFours(outChannels)];
        const place = { rows, inputFirst, outputFirst: band.first, width, K, N, upsample, accumulate };
        this.#do(this.#ops.conv(name, this.#bordered, output, place));
        options.alongside?.(index, first, end);
        // The rows that come next begin with the last of these.
        if (!keep) this.#pool.releaseBefore(source, end === grid.height ? source.height : (end - 1) >> shift);
      }
    }
    return out;
  }

  /** Rows of the bordered map, from all bands they lie in. */
  #gather(source: FeatureMap, mode: GroupNormMode, first: number, end: number): void {
    const { channels, width, height } = source;
    for (const band of source.bands) {
      // Row 0 of the bordered map is its border.
      const from = Math.max(first - 1, band.first);
      const until = Math.min(end - 1, band.first + band.rows);
      if (from >= until) continue;
      const above = from === 0 && first === 0 ? 1 : 0;
      const below = until === height && end === height + 2 ? 1 : 0;
      const copied = until - from;
      this.#do([
        this.#ops.rows(bufferOf(band), this.#bordered, mode, {
          channels,
          width,
          border: 1,
          rows: above + copied + below,
          above,
          copied,
          inputFirst: from - band.first,
          outputFirst: from + 1 - first - above,
        }),
      ]);
    }
  }

  #statistics(map: FeatureMap, norm: string): void {
    this.#do(this.#ops.statistics(map, norm));
  }

  #do(dispatches: readonly Dispatch[]): void {
    this.program.push(...dispatches);
  }
}
