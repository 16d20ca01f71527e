import {
  type Branch,
  latentGrid,
  latentPlane,
  positionEmbedding,
  type TransformerConfig,
  tokenGrid,
} from '@webdit/core';
import * as kernels from '@webdit/shaders';
import type { BufferScope } from '../allocator.ts';
import { bufferUsage } from '../flags.ts';
import { type PipelineCache, uniformSlotBytes } from '../pipelines.ts';
import { type Dispatch, ProgramBuilder } from '../program.ts';
import type { KernelChoice } from '../tiling.ts';
import { addBranch, FeatureCache } from './cache.ts';
import { CaptionGraph } from './caption.ts';
import { adaLNSingle, adaLNZero, type Conditioning } from './conditioning.ts';
import { DiTOps, type Residual, whole } from './ops.ts';
import type { DiTWeights } from './weights.ts';

/** Size of a prepared graph. */
export interface GraphShape {
  /** Rows the transformer computes at once: 2 for a CFG pair. */
  readonly batch: number;
  /** Samples the latents hold: 1 when all rows share them, else `batch`. */
  readonly samples: number;
  /** Distinct timesteps of the run. */
  readonly timesteps: number;
  /** (timestep, label) pairs of the run. */
  readonly conditions: number;
  /** Rows of the modulation table, computed at once: consecutive steps x batch. */
  readonly modulationRows: number;
  /** Steps that have a slot in the step table. */
  readonly steps: number;
  /** Steps that have a row of noise: up to the last that takes any. */
  readonly noiseRows: number;
  /** Full steps whose branch outputs are kept at once: 0 without a cache, 1 for reuse, more for forecasts. */
  readonly features: number;
  /** Tokens of each row's text; 0 for models without. */
  readonly captionTokens: number;
}

/** Elements of one row of the modulation table: six vectors a block, two for the final layer. */
export function modulationRowElements(config: TransformerConfig): number {
  return (config.depth * 6 + 2) * config.hiddenSize;
}

/** One block's dispatches, in parts between which others may come. */
export interface BlockProgram {
  /** The first norm, which adds the residual still due: after it the token state is what enters the block. */
  readonly entry: Dispatch;
  /** After it qkv is still there, for token scores. */
  readonly attention: readonly Dispatch[];
  /** Up to the cross-attention, where there is one: after it its queries are still there. */
  readonly cross: readonly Dispatch[];
  readonly rest: readonly Dispatch[];
}

/** The final layer, in parts like those of a block. */
export interface FinalProgram {
  readonly entry: Dispatch;
  readonly rest: readonly Dispatch[];
}

/** A block or the final layer, whole. */
export function wholeProgram({
  entry,
  attention = [],
  cross = [],
  rest,
}: FinalProgram & Partial<BlockProgram>): Dispatch[] {
  return [entry, ...attention, ...cross, ...rest];
}

/** Buffers every step works in, f32. */
interface WorkBuffers {
  /** `[batch, tokens, width]`: norm outputs and attention outputs. */
  readonly normed: GPUBuffer;
  /** qkv `[batch, tokens, 3, heads, headDim]`, the queries of cross-attention, or the MLP's hidden layer; never alive together. */
  readonly wide: GPUBuffer;
  /** `[batch, heads, tokens]`. */
  readonly logSumExp: GPUBuffer;
  /** `[batch, tokens, width]`: the latest branch output of a step that does not keep them. */
  readonly branch: GPUBuffer;
}

/**
 * A DiT of one shape, prepared: buffers, bind groups and dispatch lists for every part of a step. Graph after Peebles and
 * Xie 2023; with a cross-attention in every block, after Chen et al. 2023, for PixArt-alpha.
 */
export class DiTGraph {
  readonly ops: DiTOps;
  readonly work: WorkBuffers;
  readonly latents: GPUBuffer;
  /** The final latents as the latest step foresaw them, laid out as they are. */
  readonly x0: GPUBuffer;
  /** Noise of the sampler's steps, `[noiseRows, inChannels, height, width]`. */
  readonly noise: GPUBuffer;
  /** Token state `[batch, tokens, width]`; after the blocks it is what enters the final layer. */
  readonly hidden: GPUBuffer;
  /** Model output `[batch, outChannels, height, width]`. */
  readonly prediction: GPUBuffer;
  readonly sinusoids: GPUBuffer;
  readonly conditions: GPUBuffer;
  readonly stepTable: GPUBuffer;
  readonly stepGroup: GPUBindGroup;
  /** One for each full step that is kept at once. */
  readonly caches: readonly FeatureCache[];

  readonly conditioning: Conditioning;
  /** The text that all steps read, where the model takes one. */
  readonly caption: CaptionGraph | undefined;
  readonly embed: readonly Dispatch[];
  readonly blocks: readonly BlockProgram[];
  /** The same blocks, which also fill one of the feature caches. */
  readonly cachingBlocks: readonly (readonly BlockProgram[])[];
  /** The final layer, by what is still due to the token state: the last MLP's residual after blocks, or nothing after a sum. */
  readonly final: {
    readonly blocks: FinalProgram;
    readonly cachingBlocks: readonly FinalProgram[];
    readonly sum: FinalProgram;
  };
  readonly sampler: readonly Dispatch[];

  constructor(
    readonly config: TransformerConfig,
    readonly shape: GraphShape,
    weights: DiTWeights,
    readonly pipelines: PipelineCache,
    choice: KernelChoice,
    readonly scope: BufferScope,
  ) {
    const { batch, modulationRows } = shape;
    const C = config.hiddenSize;
    const plane = latentPlane(config);
    const builder = new ProgramBuilder('dit', pipelines, scope);
    const { queue } = pipelines.device;
    const ones = modulationRows * modulationRowElements(config);
    const table = scope.storage('modulation', ones + C);
    queue.writeBuffer(table, 4 * ones, new Float32Array(C).fill(1));
    this.ops = new DiTOps(config, batch, weights, choice, { buffer: table, rows: modulationRows, ones }, builder);
    const { rows } = this.ops;

    this.latents = scope.storage('latents', shape.samples * config.inChannels * plane);
    this.x0 = scope.storage('x0', shape.samples * config.inChannels * plane);
    this.noise = scope.storage('noise', shape.noiseRows * config.inChannels * plane);
    this.hidden = scope.storage('hidden', rows * C);
    this.prediction = scope.storage('prediction', batch * config.outChannels * plane);
    this.sinusoids = scope.storage('sinusoids', shape.timesteps * config.frequencyEmbeddingSize);
    this.conditions = scope.storage('conditions', shape.conditions * 2);
    this.work = {
      normed: scope.storage('normed', rows * C),
      wide: scope.storage('wide', rows * Math.max(3 * C, config.mlpHiddenSize)),
      logSumExp: scope.storage('log_sum_exp', rows * config.numHeads),
      branch: scope.storage('branch', rows * C),
    };
    const stepUsage = bufferUsage.UNIFORM | bufferUsage.COPY_DST;
    this.stepTable = scope.create('steps', shape.steps * uniformSlotBytes, stepUsage);
    this.stepGroup = pipelines.device.createBindGroup({
      label: 'steps',
      layout: pipelines.stepLayout,
      entries: [{ binding: 0, resource: { buffer: this.stepTable, size: kernels.stepByteLength } }],
    });
    this.caches = Array.from({ length: shape.features }, (_, i) => new FeatureCache(this.ops, scope, i));

    const inputs = { timesteps: shape.timesteps, sinusoids: this.sinusoids, conditions: this.conditions };
    if (config.kind === 'pixart') {
      this.conditioning = adaLNSingle(this.ops, config, inputs, scope);
      this.caption = new CaptionGraph(this.ops, config, shape.captionTokens, scope);
    } else this.conditioning = adaLNZero(this.ops, config, inputs, scope);
    this.embed = [this.#patchEmbed(weights, this.#positions(weights))];
    const layers = Array.from({ length: config.depth }, (_, layer) => layer);
    this.blocks = layers.map((layer) => this.#block(layer));
    this.cachingBlocks = this.caches.map((cache) => layers.map((layer) => this.#block(layer, cache)));
    this.final = {
      blocks: this.#final(this.#residual(config.depth - 1, 'mlp')),
      cachingBlocks: this.caches.map((cache) => this.#final(this.#residual(config.depth - 1, 'mlp', cache))),
      sum: this.#final(),
    };
    this.sampler = [this.#samplerStep()];
  }

  destroy(): void {
    this.scope.destroy();
  }

  /** `[tokens, width]`: DiT's are of its weights, PixArt's made for the size of the run. */
  #positions(weights: DiTWeights): GPUBuffer {
    const { config, scope } = this;
    if (config.kind === 'dit') return weights.get('pos_embed');
    const trained = { side: config.inputSize / config.patchSize, scale: config.interpolationScale };
    const values = positionEmbedding({ ...tokenGrid(config), trained }, config.hiddenSize);
    const buffer = scope.storage('positions', values.length);
    this.pipelines.device.queue.writeBuffer(buffer, 0, values);
    return buffer;
  }

  #patchEmbed(weights: DiTWeights, positions: GPUBuffer): Dispatch {
    const { config, ops, shape } = this;
    const C = config.hiddenSize;
    return ops.builder.add({
      kernel: kernels.patchEmbedKernel,
      constants: kernels.patchEmbedConstants({
        C,
        channels: config.inChannels,
        ...latentGrid(config),
        patch: config.patchSize,
      }),
      params: kernels.patchEmbedParams(ops.rows, shape.samples === 1 ? 0 : config.inChannels * latentPlane(config)),
      storage: [
        this.latents,
        weights.get('x_embedder.proj.weight'),
        weights.get('x_embedder.proj.bias'),
        positions,
        this.hidden,
      ],
      workgroups: kernels.flatWorkgroups((ops.rows * C) / 4),
      cost: 2 * ops.rows * C * config.inChannels * config.patchSize ** 2,
    });
  }

  #block(layer: number, cache?: FeatureCache): BlockProgram {
    const { config, ops, hidden } = this;
    const { normed, wide, logSumExp } = this.work;
    const { rows } = ops;
    const C = config.hiddenSize;
    const name = `blocks.${layer}`;
    const mlp = config.mlpHiddenSize;
    const before = layer > 0 ? this.#residual(layer - 1, 'mlp', cache) : undefined;
    const attn = this.#residual(layer, 'attn', cache);
    const cross = this.#cross(layer, attn, cache);
    const { branch: mlpOutput } = this.#residual(layer, 'mlp', cache);
    return {
      entry: ops.norm(hidden, normed, ops.attentionNorm(layer), before),
      attention: [
        ...ops.linear(`${name}.attn.qkv`, normed, whole(wide), { rows, K: C, N: 3 * C }),
        ...ops.attention(wide, normed, logSumExp),
      ],
      cross: [...ops.linear(`${name}.attn.proj`, normed, attn.branch, { rows, K: C, N: C }), ...cross.attention],
      rest: [
        ...cross.projection,
        ops.norm(hidden, normed, ops.mlpNorm(layer), cross.due),
        ...ops.linear(`${name}.mlp.fc1`, normed, whole(wide), { rows, K: C, N: mlp, activation: 'gelu' }),
        ...ops.linear(`${name}.mlp.fc2`, wide, mlpOutput, { rows, K: mlp, N: C }),
      ],
    };
  }

  /**
   * Cross-attention of all tokens to the text, over the token state as it is, to which the `due` of self-attention is added first.
   * Without one nothing happens, and that is still due.
   */
  #cross(layer: number, due: Residual, cache?: FeatureCache) {
    const { ops, hidden, caption } = this;
    if (!caption) return { attention: [], projection: [], due };
    const { normed, wide, logSumExp } = this.work;
    const { rows } = ops;
    const C = this.config.hiddenSize;
    const name = `blocks.${layer}.cross_attn`;
    const output = this.#residual(layer, 'cross', cache);
    return {
      attention: [
        addBranch(ops, hidden, { ...due.branch, entry: ops.entryOf(layer, 'attn') }),
        ...ops.linear(`${name}.q_linear`, hidden, whole(wide), { rows, K: C, N: C }),
        ...ops.crossAttention(caption.layer(layer), wide, normed, logSumExp, ops.tokens),
      ],
      projection: ops.linear(`${name}.proj`, normed, output.branch, { rows, K: C, N: C }),
      due: output,
    };
  }

  /** The residual a branch owes the token state; the norm that comes next adds it. */
  #residual(layer: number, branch: Branch, cache?: FeatureCache): Residual {
    return { branch: cache?.slot(layer, branch) ?? whole(this.work.branch), gate: this.ops.gate(layer, branch) };
  }

  #final(residual?: Residual): FinalProgram {
    const { config, ops } = this;
    const { normed, wide } = this.work;
    const { outChannels: channels, patchSize: patch } = config;
    const elements = ops.batch * channels * latentPlane(config);
    return {
      entry: ops.norm(this.hidden, normed, ops.finalNorm(), residual),
      rest: [
        ...ops.linear('final_layer.linear', normed, whole(wide), {
          rows: ops.rows,
          K: config.hiddenSize,
          N: patch ** 2 * channels,
        }),
        ops.builder.add({
          kernel: kernels.unpatchifyKernel,
          constants: kernels.unpatchifyConstants({ channels, ...latentGrid(config), patch }),
          params: kernels.unpatchifyParams(elements),
          storage: [wide, this.prediction],
          workgroups: kernels.flatWorkgroups(elements),
          cost: elements,
        }),
      ],
    };
  }

  #samplerStep(): Dispatch {
    const { config, ops } = this;
    const plane = latentPlane(config);
    const elements = config.inChannels * plane;
    return ops.builder.add({
      kernel: kernels.samplerStepKernel,
      constants: kernels.samplerStepConstants({ plane, modelChannels: config.outChannels }),
      params: kernels.samplerStepParams(elements, ops.batch),
      storage: [this.prediction, this.latents, this.x0, this.noise],
      workgroups: kernels.flatWorkgroups(elements),
      cost: elements * 12,
    });
  }
}
