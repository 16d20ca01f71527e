import { type AutoencoderKLConfig, autoencoderNormEps } from '@webdit/core';
import * as kernels from '@webdit/shaders';
import * as vaeKernels from '@webdit/shaders/vae';
import { cutDispatches } from '../cut.ts';
import { bufferUsage } from '../flags.ts';
import type { Dispatch, ProgramBuilder } from '../program.ts';
import { type KernelChoice, staticChoice } from '../tiling.ts';
import { inFours } from '../weights.ts';
import { bufferOf, type FeatureMap } from './bands.ts';
import type { VaeWeights } from './weights.ts';

/** A matrix product `[rows, K] x [K, N]`, of some rows. */
export interface Product {
  readonly input: GPUBuffer;
  readonly output: GPUBuffer;
  readonly K: number;
  readonly N: number;
  /** First row of the input, and the one after the last. */
  readonly rows: readonly [first: number, end: number];
  /** Row of the output that the first row becomes; the same by default. */
  readonly outputRow?: number;
}

/** Rows of a convolution's output, and the bordered input they read. */
export interface ConvRows {
  readonly rows: readonly [first: number, end: number];
  /** Row of the bordered picture that the input begins with. */
  readonly inputFirst: number;
  readonly outputFirst: number;
  readonly width: number;
  readonly channels: number;
  readonly outChannels: number;
  readonly upsample: boolean;
  readonly accumulate: boolean;
}

/** Makes the dispatches of a decoder out of the kernels and the weights. */
export class VaeOps {
  /** `[3, channels]` of the latest norm. */
  readonly #table: GPUBuffer;
  readonly #chunks: GPUBuffer;
  /** Bias of products that have none. */
  readonly #zeros: GPUBuffer;
  readonly #choice: Readonly<Record<'f32' | 'packed-f16', KernelChoice>>;

  constructor(
    readonly config: AutoencoderKLConfig,
    readonly weights: VaeWeights,
    readonly builder: ProgramBuilder,
    size: { readonly chunkElements: number; readonly widest: number },
  ) {
    const { scope } = builder;
    const { holder } = scope.allocator;
    this.#table = scope.storage('vae.norm', 3 * Math.max(...config.blockOutChannels));
    this.#chunks = scope.storage('vae.chunks', size.chunkElements);
    this.#zeros = scope.create('vae.zeros', 4 * size.widest, bufferUsage.STORAGE);
    this.#choice = { f32: staticChoice(holder, 'f32'), 'packed-f16': staticChoice(holder, 'packed-f16') };
  }

  /** Statistics of a map, for the norms that `rows` applies until the next ones. */
  statistics(map: FeatureMap, norm: string): Dispatch[] {
    const { channels, width } = map;
    const dispatches: Dispatch[] = [];
    let chunks = 0;
    for (const band of map.bands) {
      const pixels = band.rows * width;
      dispatches.push(
        this.builder.add({
          kernel: vaeKernels.groupNormStatisticsKernel,
          params: vaeKernels.groupNormStatisticsParams({ channels, pixels, first: chunks }),
          storage: [bufferOf(band), this.#chunks],
          workgroups: kernels.flatWorkgroups(vaeKernels.groupNormItems(pixels, channels)),
          cost: 6 * pixels * channels,
        }),
      );
      chunks += vaeKernels.groupNormChunks(pixels);
    }
    const groups = this.config.normNumGroups;
    dispatches.push(
      this.builder.add({
        kernel: vaeKernels.groupNormCombineKernel,
        constants: vaeKernels.groupNormCombineConstants(autoencoderNormEps),
        params: vaeKernels.groupNormCombineParams({ channels, groups, chunks }),
        storage: [this.#chunks, this.weights.get(`${norm}.weight`), this.weights.get(`${norm}.bias`), this.#table],
        workgroups: [groups, 1, 1],
        cost: 8 * chunks * channels,
      }),
    );
    return dispatches;
  }

  /** Rows of pixels from one buffer to another, normed or as they are. */
  rows(input: GPUBuffer, output: GPUBuffer, mode: vaeKernels.GroupNormMode, rows: vaeKernels.GroupNormRows): Dispatch {
    const elements = rows.rows * (rows.width + 2 * rows.border) * rows.channels;
    return this.builder.add({
      kernel: vaeKernels.groupNormApplyKernel,
      constants: vaeKernels.groupNormApplyConstants(mode),
      params: vaeKernels.groupNormApplyParams(rows),
      storage: [input, this.#table, output],
      workgroups: kernels.flatWorkgroups(elements / 4),
      cost: 10 * elements,
    });
  }

  conv(name: string, input: GPUBuffer, output: GPUBuffer, p: ConvRows): Dispatch[] {
    const { width, upsample, accumulate, inputFirst, outputFirst, channels: K } = p;
    const [firstRow, end] = p.rows;
    const N = inFours(p.outChannels);
    const kernel = vaeKernels.convKernel(this.weights.storage);
    const inputWidth = (upsample ? width / 2 : width) + 2;
    const cost = 2 * 9 * K * N * width * (end - firstRow);
    const place = { width, inputWidth, inputFirst, outputFirst, firstRow, K, N, upsample, accumulate };
    return cutDispatches(this.builder, vaeKernels.convBlocks(width, end - firstRow), cost, (first, count) => ({
      kernel,
      params: vaeKernels.convParams({ ...place, first, count }),
      storage: [input, this.weights.get(`${name}.weight`), this.weights.get(`${name}.bias`), output],
      workgroups: vaeKernels.convWorkgroups(count, N),
    }));
  }

  /** A 1 x 1 convolution, or a linear, of some pixels. */
  linear(name: string, product: Product): Dispatch[] {
    const { weights } = this;
    return this.#product(product, weights.storage, weights.get(`${name}.weight`), weights.get(`${name}.bias`));
  }

  /** input x matrix `[K, N]`. */
  multiply(product: Product, matrix: GPUBuffer): Dispatch[] {
    return this.#product(product, 'f32', matrix, this.#zeros);
  }

  /** `[rows, width]` -> `[width, rows]`. */
  transpose(input: GPUBuffer, output: GPUBuffer, rows: number, width: number): Dispatch {
    return this.builder.add({
      kernel: kernels.transposeKernel('f32'),
      params: kernels.transposeParams({ rows, K: width, N: rows, column: 0 }),
      storage: [input, output],
      workgroups: kernels.flatWorkgroups((rows * width) / 16),
      cost: rows * width,
    });
  }

  /** Softmax of scaled rows, in place; see the kernel. */
  softmax(values: GPUBuffer, p: { rows: number; width: number; count: number; scale: number }): Dispatch {
    return this.builder.add({
      kernel: vaeKernels.softmaxKernel,
      params: vaeKernels.softmaxParams(p),
      storage: [values],
      workgroups: vaeKernels.softmaxWorkgroups(p.rows),
      cost: 10 * p.rows * p.width,
    });
  }

  /** accumulator += values. */
  add(values: GPUBuffer, accumulator: GPUBuffer, elements: number): Dispatch {
    return this.builder.add({
      kernel: kernels.accumulateKernel,
      params: kernels.accumulateParams(elements, { add: 1, keep: 1 }),
      storage: [values, accumulator],
      workgroups: kernels.flatWorkgroups(elements / 4),
      cost: 2 * elements,
    });
  }

  #product(
    { input, output, K, N, rows: [from, end], outputRow = from }: Product,
    storage: 'f32' | 'packed-f16',
    matrix: GPUBuffer,
    bias: GPUBuffer,
  ): Dispatch[] {
    const rows = end - from;
    const tiling = this.#choice[storage].matmul({ rows, K, N });
    const kernel = kernels.matmulKernel({ tiling, weights: storage, epilogue: 'store' });
    const tileRows = kernels.matmulTileRows(tiling);
    return cutDispatches(this.builder, Math.ceil(rows / tileRows), 2 * rows * K * N, (first, count) => ({
      kernel,
      params: kernels.matmulStoreParams(
        { rows: end, K, N },
        { firstRow: from + first * tileRows, outputOffset: (outputRow - from) * N },
      ),
      storage: [input, matrix, bias, output],
      workgroups: kernels.matmulWorkgroups(tiling, Math.min(rows - first * tileRows, count * tileRows), N),
    }));
  }
}
