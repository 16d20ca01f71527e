import { type Branch, branchesOf, type TransformerConfig, tokenCount } from '@webdit/core';
import * as kernels from '@webdit/shaders';
import { cutDispatches } from '../cut.ts';
import type { Dispatch, DispatchSpec, ProgramBuilder } from '../program.ts';
import type { KernelChoice } from '../tiling.ts';
import type { LinearPart } from '../weights.ts';
import type { DiTWeights } from './weights.ts';

/** Modulation vectors per block, in the order the adaLN linear emits them. */
export const modulationParts = { shiftAttn: 0, scaleAttn: 1, gateAttn: 2, shiftMlp: 3, scaleMlp: 4, gateMlp: 5 };

/** A modulation table: `[depth][rows][6][width]`, then the final layer's `[rows][2][width]`. */
export interface ModulationTable {
  readonly buffer: GPUBuffer;
  readonly rows: number;
  /** Element from which on the buffer holds `width` ones, for branches without a gate. */
  readonly ones: number;
}

/** Where a branch output `[rows, width]` lies: in the feature cache, or in a buffer of its own. */
export interface BranchSlot {
  readonly buffer: GPUBuffer;
  /** In elements. */
  readonly offset: number;
}

/** A branch output that has a buffer of its own. */
export const whole = (buffer: GPUBuffer): BranchSlot => ({ buffer, offset: 0 });

/** A vector of the modulation table. */
export interface ModulationPlace {
  /** Element of the table where it starts, for table row 0. */
  readonly offset: number;
  /** Elements from one table row to the next. */
  readonly stride: number;
}

/** A text as one layer's cross-attention sees it. */
export interface CrossText {
  readonly keys: number;
  /** `[batch, keys, 2, heads, headDim]`. */
  readonly keysValues: GPUBuffer;
  /** `[batch, keys]`, 0 hides the key. */
  readonly mask: GPUBuffer;
}

/** hidden += gate x branch. */
export interface Residual {
  readonly branch: BranchSlot;
  readonly gate: ModulationPlace;
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
  readonly branches: readonly Branch[];

  constructor(
    readonly config: TransformerConfig,
    readonly batch: number,
    readonly weights: DiTWeights,
    readonly choice: KernelChoice,
    readonly table: ModulationTable,
    readonly builder: ProgramBuilder,
  ) {
    this.tokens = tokenCount(config);
    this.rows = batch * this.tokens;
    this.branches = branchesOf(config);
  }

  /** How many (layer, branch) pairs there are. */
  get entries(): number {
    return this.config.depth * this.branches.length;
  }

  /** Which of them: layer by layer, in the order a block adds them. */
  entryOf(layer: number, branch: Branch): number {
    return layer * this.branches.length + this.branches.indexOf(branch);
  }

  /** The same ops with another lifetime. */
  withBuilder(builder: ProgramBuilder): DiTOps {
    return new DiTOps(this.config, this.batch, this.weights, this.choice, this.table, builder);
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

  /** The gate of a block's branch; that of cross-attention is 1. */
  gate(layer: number, branch: Branch): ModulationPlace {
    const { hiddenSize } = this.config;
    if (branch === 'cross') return { offset: this.table.ones, stride: 0 };
    const part = branch === 'attn' ? modulationParts.gateAttn : modulationParts.gateMlp;
    return { offset: this.layerOffset(layer) + part * hiddenSize, stride: 6 * hiddenSize };
  }

  /** LayerNorm + modulate of all rows; of hidden after a residual where one is due. */
  norm(hidden: GPUBuffer, output: GPUBuffer, place: NormPlace, residual?: Residual): Dispatch {
    const params = this.#normParams(place, this.rows);
    const storage = [hidden, this.table.buffer, output];
    if (!residual) {
      return this.#norm('all', kernels.layerNormParams(params), storage, place, this.rows);
    }
    const { branch, gate } = residual;
    const withResidual = kernels.layerNormResidualParams({
      ...params,
      gateOffset: gate.offset,
      gateStride: gate.stride,
      branchOffset: branch.offset,
    });
    return this.#norm('residual', withResidual, [...storage, branch.buffer], place, this.rows);
  }

  /** LayerNorm + modulate of `selected` tokens per batch row, gathered by `ids`. */
  normSelected(input: GPUBuffer, output: GPUBuffer, place: NormPlace, ids: GPUBuffer, selected: number): Dispatch {
    const rows = this.batch * selected;
    const params = kernels.layerNormSelectedParams({ ...this.#normParams(place, rows), selected });
    const storage = [input, this.table.buffer, output, ids];
    return this.#norm('selected', params, storage, place, rows);
  }

  /** activation(input x weights + bias), in as many dispatches as its size asks for. */
  linear(
    name: string,
    input: GPUBuffer,
    output: BranchSlot,
    p: kernels.MatmulSize & { activation?: kernels.Activation },
  ): Dispatch[] {
    return this.#matmul(name, p, 'store', ({ weights, finish, first, columns }, firstRow) => ({
      params: kernels.matmulStoreParams(
        { ...p, N: columns },
        { firstRow, outputOffset: output.offset + first, outputWidth: p.N, activation: p.activation ?? 'none' },
      ),
      storage: [input, weights, finish, output.buffer],
    }));
  }

  /** linear(input) of the gathered rows, put back into the cache at their tokens. */
  scatterLinear(
    name: string,
    input: GPUBuffer,
    ids: GPUBuffer,
    K: number,
    selected: number,
    slot: BranchSlot,
  ): Dispatch[] {
    const size = { rows: this.batch * selected, K, N: this.config.hiddenSize };
    const { tokens } = this;
    return this.#matmul(name, size, 'scatter', ({ weights, finish, first, columns }, firstRow) => ({
      params: kernels.matmulScatterParams(
        { ...size, N: columns },
        { tokens, selected, cacheOffset: slot.offset + first, cacheWidth: size.N, firstRow },
      ),
      storage: [input, weights, finish, ids, slot.buffer],
    }));
  }

  /** Self-attention and each query's log-sum-exp `[batch, heads, tokens]`. */
  attention(qkv: GPUBuffer, output: GPUBuffer, logSumExp: GPUBuffer): Dispatch[] {
    const size = this.#attentionSize;
    const tiling = this.choice.attention(size);
    const kernel = kernels.attentionKernel({ headDim: size.headDim, tiling, source: 'self' });
    return cutDispatches(
      this.builder,
      kernels.attentionGroups(tiling, size),
      4 * this.#attentionProducts,
      (first, count) => ({
        kernel,
        params: kernels.attentionParams({ ...size, first }),
        storage: [qkv, output, logSumExp],
        workgroups: kernels.attentionWorkgroups(tiling, { ...size, first, count }),
      }),
    );
  }

  /**
   * Attention of `queries` tokens per batch row to `keys` of a text, and each query's log-sum-exp `[batch, heads, queries]`.
   * Layouts are in shaders/attention/source.cross.wgsl.
   */
  crossAttention(text: CrossText, q: GPUBuffer, output: GPUBuffer, logSumExp: GPUBuffer, queries: number): Dispatch[] {
    const size = { ...this.#attentionSize, tokens: queries };
    const { keys } = text;
    // The tilings are chosen by a sequence's length, and some hold only so many keys.
    const tiling = this.choice.attention({ ...size, tokens: Math.max(queries, keys) });
    const kernel = kernels.attentionKernel({ headDim: size.headDim, tiling, source: 'cross' });
    const products = this.batch * queries * keys * this.config.hiddenSize;
    return cutDispatches(this.builder, kernels.attentionGroups(tiling, size), 4 * products, (first, count) => ({
      kernel,
      params: kernels.attentionParams({ ...size, keys, first }),
      storage: [q, text.keysValues, text.mask, output, logSumExp],
      workgroups: kernels.attentionWorkgroups(tiling, { ...size, first, count }),
    }));
  }

  /** Offset + entropy of the cross-attention of `queries` tokens, named by `ids`, into their `scores` `[batch, tokens]`. */
  crossEntropy(
    text: CrossText,
    { q, logSumExp, ids, scores }: Record<'q' | 'logSumExp' | 'ids' | 'scores', GPUBuffer>,
    { queries, offset }: { readonly queries: number; readonly offset: number },
  ): Dispatch {
    const { keys, keysValues, mask } = text;
    const size = { ...this.#attentionSize, queries, keys, offset };
    return this.builder.add({
      kernel: kernels.crossEntropyKernel,
      params: kernels.crossEntropyParams(size),
      storage: [q, keysValues, mask, logSumExp, ids, scores],
      workgroups: kernels.crossEntropyWorkgroups(size),
      cost: 2 * this.batch * queries * keys * this.config.hiddenSize,
    });
  }

  /** The tokens chosen by `ids`, `[batch, selected, width]`. */
  gather(input: GPUBuffer, ids: GPUBuffer, output: GPUBuffer, selected: number): Dispatch {
    const { batch, tokens } = this;
    const C = this.config.hiddenSize;
    return this.builder.add({
      kernel: kernels.gatherKernel,
      constants: kernels.gatherConstants(C),
      params: kernels.gatherParams({ batch, tokens, selected }),
      storage: [input, ids, output],
      workgroups: kernels.flatWorkgroups((batch * selected * C) / 4),
      cost: 2 * batch * selected * C,
    });
  }

  /** Column sums of the attention maps, `[batch, heads, tokens]`, from the log-sum-exp of `attention`. */
  attentionScores(qkv: GPUBuffer, logSumExp: GPUBuffer, scores: GPUBuffer): Dispatch[] {
    const size = this.#attentionSize;
    const kernel = kernels.attentionScoresKernel(size.headDim);
    return cutDispatches(
      this.builder,
      kernels.attentionScoresGroups(size),
      2 * this.#attentionProducts,
      (first, count) => ({
        kernel,
        params: kernels.attentionParams({ ...size, first }),
        storage: [qkv, logSumExp, scores],
        workgroups: kernels.attentionScoresWorkgroups({ ...size, first, count }),
      }),
    );
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

  /** accumulator = add x values + keep x accumulator; by default over token states. */
  accumulate(
    values: GPUBuffer,
    accumulator: GPUBuffer,
    factors: { readonly add: number; readonly keep: number },
    elements = this.rows * this.config.hiddenSize,
  ): Dispatch {
    return this.builder.add({
      kernel: kernels.accumulateKernel,
      params: kernels.accumulateParams(elements, factors),
      storage: [values, accumulator],
      workgroups: kernels.flatWorkgroups(elements / 4),
      cost: 2 * elements,
    });
  }

  get #attentionSize() {
    const { batch, tokens } = this;
    const { numHeads: heads, hiddenSize } = this.config;
    return { batch, tokens, heads, headDim: hiddenSize / heads };
  }

  /** Multiplications of queries with keys. */
  get #attentionProducts(): number {
    return this.rows * this.tokens * this.config.hiddenSize;
  }

  #blockNorm(layer: number, shift: number, scale: number, epsilon: number): NormPlace {
    return { base: this.layerOffset(layer), stride: 6 * this.config.hiddenSize, shift, scale, epsilon };
  }

  #normParams({ base, stride, shift, scale }: NormPlace, rows: number): kernels.LayerNormPlace {
    const C = this.config.hiddenSize;
    return {
      rows,
      tokens: this.tokens,
      shiftOffset: base + shift * C,
      scaleOffset: base + scale * C,
      modulationStride: stride,
    };
  }

  #norm(
    kind: kernels.LayerNormRows,
    params: Uint32Array,
    storage: readonly GPUBuffer[],
    { epsilon }: NormPlace,
    rows: number,
  ): Dispatch {
    const C = this.config.hiddenSize;
    return this.builder.add({
      kernel: kernels.layerNormKernel(this.choice.norm, kind),
      constants: kernels.layerNormConstants({ C, epsilon }),
      params,
      storage,
      workgroups: kernels.layerNormWorkgroups(this.choice.norm, rows),
      cost: rows * C * 10,
    });
  }

  /** By columns, as the weights lie, and by rows, where one dispatch would be too much work. */
  #matmul(
    name: string,
    size: kernels.MatmulSize,
    epilogue: kernels.MatmulEpilogue,
    of: (part: LinearPart, firstRow: number) => Pick<DispatchSpec, 'constants' | 'params' | 'storage'>,
  ): Dispatch[] {
    const { rows, K } = size;
    const tiling = this.choice.matmul(size);
    const kernel = kernels.matmulKernel({ tiling, weights: this.weights.kernelWeights(name), epilogue });
    const tileRows = kernels.matmulTileRows(tiling);
    return this.weights.linear(name).flatMap((part) =>
      cutDispatches(this.builder, Math.ceil(rows / tileRows), 2 * rows * K * part.columns, (first, count) => ({
        kernel,
        ...of(part, first * tileRows),
        workgroups: kernels.matmulWorkgroups(tiling, Math.min(rows - first * tileRows, count * tileRows), part.columns),
      })),
    );
  }
}
