import { type AutoencoderKLConfig, autoencoderNormEps } from '@webdit/core';
import * as kernels from '@webdit/shaders';
import * as vaeKernels from '@webdit/shaders/vae';
import { cutDispatches } from '../cut.ts';
import { bufferUsage } from '../flags.ts';
import type { Dispatch, DispatchSpec, ProgramBuilder } from '../program.ts';
import { type KernelChoice, staticChoice } from '../tiling.ts';
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

/** Pixels for which a convolution's tile is chosen, at least. */
const manyPixels = 128;

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

  conv(name: string, input: GPUBuffer, output: GPUBuffer, place: vaeKernels.ConvRows): Dispatch[] {
    const { K, N, width } = place;
    const [first, end] = place.rows;
    const { storage } = this.weights;
    const pixels = (end - first) * width;
    // Never so few that K is split: a convolution has more of it than a tile has rows.
    const tiling = this.#choice[storage].matmul({ rows: Math.max(pixels, manyPixels), K: 9 * K, N });
    return this.#tiled(tiling, pixels, 2 * 9 * K * N * pixels, (firstPixel) => ({
      kernel: vaeKernels.convKernel(tiling, storage),
      params: vaeKernels.convParams(place, firstPixel),
      storage: [input, this.weights.get(`${name}.weight`), this.weights.get(`${name}.bias`), output],
      N,
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
    return this.#tiled(tiling, rows, 2 * rows * K * N, (first) => ({
      kernel: kernels.matmulKernel({ tiling, weights: storage, epilogue: 'store' }),
      params: kernels.matmulStoreParams(
        { rows: end, K, N },
        { firstRow: from + first, outputOffset: (outputRow - from) * N },
      ),
      storage: [input, matrix, bias, output],
      N,
    }));
  }

  /** Rows of a product in tiles, cut where they are more work than one dispatch may be. */
  #tiled(
    tiling: kernels.MatmulTiling,
    rows: number,
    cost: number,
    part: (firstRow: number) => Pick<DispatchSpec, 'kernel' | 'params' | 'storage'> & { readonly N: number },
  ): Dispatch[] {
    const tileRows = kernels.matmulTileRows(tiling);
    return cutDispatches(this.builder, Math.ceil(rows / tileRows), cost, (first, count) => {
      const { N, ...spec } = part(first * tileRows);
      const now = Math.min(rows - first * tileRows, count * tileRows);
      return { ...spec, workgroups: kernels.matmulWorkgroups(tiling, now, N) };
    });
  }
}
