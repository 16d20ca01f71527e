import { type DiTConfig, tokenCount } from '@webdit/core';
import * as kernels from '@webdit/shaders';
import type { Dispatch, ProgramBuilder } from '../program.ts';
import type { DiTWeights } from './weights.ts';

/** Modulation vectors per block, in the order the adaLN linear emits them. */
export const modulationParts = { shiftAttn: 0, scaleAttn: 1, gateAttn: 2, shiftMlp: 3, scaleMlp: 4, gateMlp: 5 };

/** A modulation table: `[depth][rows][6][width]`, then the final layer's `[rows][2][width]`. */
export interface ModulationTable {
  readonly buffer: GPUBuffer;
  readonly rows: number;
}

/** Where one (layer, branch) of the feature cache lies. */
export interface CacheSlot {
  readonly buffer: GPUBuffer;
  /** In elements from the start of the slab. */
  readonly offset: number;
}

/** One norm's place in the modulation table. */
export interface NormPlace {
  /** Element of the table where the layer starts. */
  readonly base: number;
  /** Elements from one table row to the next. */
  readonly stride: number;
  readonly shift: number;
  readonly scale: number;
  readonly epsilon: number;
}

/** Makes the dispatches of one DiT at one batch size, out of the kernels and the weights. */
export class DiTOps {
  readonly tokens: number;
  /** batch x tokens. */
  readonly rows: number;

  constructor(
    readonly config: DiTConfig,
    readonly batch: number,
    readonly weights: DiTWeights,
    /** Matmul tiling for a number of rows. */
    readonly tilingFor: (rows: number) => kernels.MatmulTiling,
    readonly table: ModulationTable,
    readonly builder: ProgramBuilder,
  ) {
    this.tokens = tokenCount(config);
    this.rows = batch * this.tokens;
  }

  /** The same ops with another lifetime. */
  withBuilder(builder: ProgramBuilder): DiTOps {
    return new DiTOps(this.config, this.batch, this.weights, this.tilingFor, this.table, builder);
  }

  /** Element of the modulation table where `layer` starts; `depth` is the final layer. */
  layerOffset(layer: number): number {
    return layer * this.table.rows * 6 * this.config.hiddenSize;
  }

  attentionNorm(layer: number): NormPlace {
    return this.#blockNorm(layer, modulationParts.shiftAttn, modulationParts.scaleAttn, this.config.normEps);
  }

  mlpNorm(layer: number): NormPlace {
    return this.#blockNorm(layer, modulationParts.shiftMlp, modulationParts.scaleMlp, this.config.mlpNormEps);
  }

  finalNorm(): NormPlace {
    const { depth, hiddenSize, normEps } = this.config;
    return { base: this.layerOffset(depth), stride: 2 * hiddenSize, shift: 0, scale: 1, epsilon: normEps };
  }

  /** LayerNorm + modulate of all rows. */
  norm(input: GPUBuffer, output: GPUBuffer, place: NormPlace): Dispatch {
    return this.#norm(kernels.layerNormKernel, [input, this.table.buffer, output], place, this.rows);
  }

  /** LayerNorm + modulate of `selected` tokens per batch row, gathered by `ids`. */
  normSelected(input: GPUBuffer, output: GPUBuffer, place: NormPlace, ids: GPUBuffer, selected: number): Dispatch {
    const storage = [input, this.table.buffer, output, ids];
    return this.#norm(kernels.layerNormSelectedKernel, storage, place, this.batch * selected, selected);
  }

  linear(
    name: string,
    input: GPUBuffer,
    output: GPUBuffer,
    p: kernels.MatmulSize & { activation?: kernels.Activation; outputOffset?: number },
  ): Dispatch {
    return this.builder.add({
      kernel: this.#matmul('store', p.rows),
      constants: kernels.matmulConstants(p.activation ?? 'none'),
      params: kernels.matmulStoreParams(p, p.outputOffset),
      storage: [input, ...this.#weightsOf(name), output],
      workgroups: kernels.matmulWorkgroups(this.tilingFor(p.rows), p.rows, p.N),
      cost: 2 * p.rows * p.K * p.N,
    });
  }

  /** hidden += gate x linear(input); the ungated value also goes to `slot` when there is one. */
  gatedLinear(
    name: string,
    input: GPUBuffer,
    hidden: GPUBuffer,
    K: number,
    gateOffset: number,
    slot?: CacheSlot,
  ): Dispatch {
    const N = this.config.hiddenSize;
    return this.builder.add({
      kernel: this.#matmul(slot ? 'gated-cache' : 'gated', this.rows),
      params: kernels.matmulGatedParams(
        { rows: this.rows, K, N },
        { tokens: this.tokens, gateOffset, modulationStride: 6 * N, cacheOffset: slot?.offset ?? 0 },
      ),
      storage: [input, ...this.#weightsOf(name), hidden, this.table.buffer, ...(slot ? [slot.buffer] : [])],
      workgroups: kernels.matmulWorkgroups(this.tilingFor(this.rows), this.rows, N),
      cost: 2 * this.rows * N * K,
    });
  }

  /** linear(input) of the gathered rows, put back into the cache at their tokens. */
  scatterLinear(
    name: string,
    input: GPUBuffer,
    ids: GPUBuffer,
    K: number,
    selected: number,
    slot: CacheSlot,
  ): Dispatch {
    const N = this.config.hiddenSize;
    const rows = this.batch * selected;
    return this.builder.add({
      kernel: this.#matmul('scatter', rows),
      params: kernels.matmulScatterParams({ rows, K, N }, { tokens: this.tokens, selected, cacheOffset: slot.offset }),
      storage: [input, ...this.#weightsOf(name), ids, slot.buffer],
      workgroups: kernels.matmulWorkgroups(this.tilingFor(rows), rows, N),
      cost: 2 * rows * N * K,
    });
  }

  attention(qkv: GPUBuffer, output: GPUBuffer, logSumExp: GPUBuffer): Dispatch {
    return this.#attentionPass(kernels.attentionKernel(this.#headDim), [qkv, output, logSumExp], 4);
  }

  /** Column sums of the attention maps, `[batch, heads, tokens]`, from the log-sum-exp of `attention`. */
  attentionScores(qkv: GPUBuffer, logSumExp: GPUBuffer, scores: GPUBuffer): Dispatch {
    return this.#attentionPass(kernels.attentionScoresKernel(this.#headDim), [qkv, logSumExp, scores], 2);
  }

  /** Value norms, `[batch, tokens]`. */
  valueNorms(qkv: GPUBuffer, scores: GPUBuffer): Dispatch {
    return this.builder.add({
      kernel: kernels.valueNormKernel,
      params: kernels.valueNormParams({ rows: this.rows, width: this.config.hiddenSize }),
      storage: [qkv, scores],
      workgroups: kernels.flatWorkgroups(this.rows),
      cost: 2 * this.rows * this.config.hiddenSize,
    });
  }

  get #headDim(): number {
    return this.config.hiddenSize / this.config.numHeads;
  }

  #attentionPass(kernel: kernels.Kernel, storage: readonly GPUBuffer[], flopsPerProduct: number): Dispatch {
    const { batch, tokens } = this;
    const size = { batch, tokens, heads: this.config.numHeads, headDim: this.#headDim };
    return this.builder.add({
      kernel,
      params: kernels.attentionParams(size),
      storage,
      workgroups: kernels.attentionWorkgroups(size),
      cost: flopsPerProduct * this.rows * tokens * this.config.hiddenSize,
    });
  }

  #blockNorm(layer: number, shift: number, scale: number, epsilon: number): NormPlace {
    return { base: this.layerOffset(layer), stride: 6 * this.config.hiddenSize, shift, scale, epsilon };
  }

  #norm(
    kernel: kernels.Kernel,
    storage: readonly GPUBuffer[],
    { base, stride, shift, scale, epsilon }: NormPlace,
    rows: number,
    selected = 0,
  ): Dispatch {
    const C = this.config.hiddenSize;
    return this.builder.add({
      kernel,
      constants: kernels.layerNormConstants({ C, epsilon }),
      params: kernels.layerNormParams({
        rows,
        tokens: this.tokens,
        shiftOffset: base + shift * C,
        scaleOffset: base + scale * C,
        modulationStride: stride,
        selected,
      }),
      storage,
      workgroups: kernels.layerNormWorkgroups(rows),
      cost: rows * C * 10,
    });
  }

  #matmul(epilogue: kernels.MatmulEpilogue, rows: number): kernels.Kernel {
    return kernels.matmulKernel({ tiling: this.tilingFor(rows), weights: this.weights.storage, epilogue });
  }

  #weightsOf(name: string): [GPUBuffer, GPUBuffer] {
    return [this.weights.get(`${name}.weight`), this.weights.get(`${name}.bias`)];
  }
}
