import { type DiTConfig, embedderPrefixes, tokenCount } from '@webdit/core';
import * as ops from '@webdit/shaders';
import { BufferScope } from '../allocator.ts';
import { type PipelineCache, uniformSlotBytes } from '../pipelines.ts';
import { type Dispatch, ProgramBuilder } from '../program.ts';
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
}

/** Modulation vectors per block, in the order the adaLN linear emits them. */
const parts = { shiftAttn: 0, scaleAttn: 1, gateAttn: 2, shiftMlp: 3, scaleMlp: 4, gateMlp: 5 };

/** Elements of one row of the modulation table: six vectors a block, two for the final layer. */
export function modulationRowElements(config: DiTConfig): number {
  return (config.depth * 6 + 2) * config.hiddenSize;
}

/**
 * A DiT of one shape, prepared: buffers, bind groups and dispatch lists for every part of a step. Buffers are
 * `[batch, tokens, width]`, f32. Graph after Peebles and Xie 2023, adaLN-Zero.
 */
export class DiTGraph {
  readonly latents: GPUBuffer;
  /** Token state `[batch, tokens, width]`; after the blocks it is what enters the final layer. */
  readonly hidden: GPUBuffer;
  /** Model output `[batch, outChannels, size, size]`. */
  readonly prediction: GPUBuffer;
  readonly sinusoids: GPUBuffer;
  readonly conditions: GPUBuffer;
  readonly stepTable: GPUBuffer;
  readonly stepGroup: GPUBindGroup;

  /** Once per run: the timestep MLP over all timesteps. */
  readonly timeEmbedding: readonly Dispatch[];
  /** Once per chunk of steps: the modulation table. */
  readonly modulation: readonly Dispatch[];
  readonly embed: readonly Dispatch[];
  readonly blocks: readonly (readonly Dispatch[])[];
  readonly final: readonly Dispatch[];
  readonly sampler: readonly Dispatch[];

  readonly #scope: BufferScope;
  readonly #builder: ProgramBuilder;

  constructor(
    readonly config: DiTConfig,
    readonly shape: GraphShape,
    readonly weights: DiTWeights,
    readonly pipelines: PipelineCache,
    readonly tiling: ops.MatmulTiling,
    allocator: BufferScope['allocator'],
  ) {
    const scope = new BufferScope(allocator);
    this.#scope = scope;
    this.#builder = new ProgramBuilder('dit', pipelines, scope, 16 + config.depth * 12);
    const { batch } = shape;
    const tokens = tokenCount(config);
    const rows = batch * tokens;
    const C = config.hiddenSize;
    const plane = config.inputSize ** 2;
    const modulationRows = shape.modulationRows;

    this.latents = scope.storage('latents', shape.samples * config.inChannels * plane);
    this.hidden = scope.storage('hidden', rows * C);
    this.prediction = scope.storage('prediction', batch * config.outChannels * plane);
    this.sinusoids = scope.storage('sinusoids', shape.timesteps * config.frequencyEmbeddingSize);
    this.conditions = scope.storage('conditions', shape.conditions * 2);
    this.stepTable = scope.create(
      'steps',
      shape.steps * uniformSlotBytes,
      GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
    );
    this.stepGroup = pipelines.holder.device.createBindGroup({
      label: 'steps',
      layout: pipelines.stepLayout,
      entries: [{ binding: 0, resource: { buffer: this.stepTable, size: ops.stepByteLength } }],
    });

    const normed = scope.storage('normed', rows * C);
    // qkv and the MLP's hidden layer are never alive together.
    const wide = scope.storage('wide', rows * Math.max(3 * C, config.mlpHiddenSize));
    const logSumExp = scope.storage('log_sum_exp', rows * config.numHeads);
    const timeHidden = scope.storage('time_hidden', shape.timesteps * C);
    const conditioning = scope.storage('conditioning', modulationRows * C);
    const table = scope.storage('modulation', modulationRows * modulationRowElements(config));

    const layerOffset = (layer: number) => layer * modulationRows * 6 * C;
    const finalOffset = layerOffset(config.depth);
    const layers = Array.from({ length: config.depth }, (_, layer) => layer);
    const embedders = embedderPrefixes(config).map((prefix, i) => ({
      prefix,
      embedding: scope.storage(`${prefix}time_embedding`, shape.timesteps * C),
      layers: config.embeddersPerBlock ? [i] : layers,
      final: i === 0,
    }));

    this.timeEmbedding = embedders.flatMap(({ prefix, embedding }) => [
      this.#linear(`${prefix}t_embedder.mlp.0`, this.sinusoids, timeHidden, {
        rows: shape.timesteps,
        K: config.frequencyEmbeddingSize,
        N: C,
        activation: 'silu',
      }),
      this.#linear(`${prefix}t_embedder.mlp.2`, timeHidden, embedding, { rows: shape.timesteps, K: C, N: C }),
    ]);

    const adaLN = (name: string, N: number, outputOffset: number) =>
      this.#linear(name, conditioning, table, { rows: modulationRows, K: C, N, outputOffset });
    this.modulation = embedders.flatMap(({ prefix, embedding, layers, final }) => [
      this.#builder.add({
        kernel: ops.conditionKernel,
        constants: ops.conditionConstants(C),
        params: ops.conditionParams(modulationRows),
        storage: [embedding, weights.get(`${prefix}y_embedder.embedding_table.weight`), this.conditions, conditioning],
        workgroups: ops.flatWorkgroups((modulationRows * C) / 4),
        cost: modulationRows * C * 8,
      }),
      ...layers.map((layer) => adaLN(`blocks.${layer}.adaLN_modulation.1`, 6 * C, layerOffset(layer))),
      ...(final ? [adaLN('final_layer.adaLN_modulation.1', 2 * C, finalOffset)] : []),
    ]);

    const patchElements = config.inChannels * config.patchSize ** 2;
    this.embed = [
      this.#builder.add({
        kernel: ops.patchEmbedKernel,
        constants: ops.patchEmbedConstants({
          C,
          channels: config.inChannels,
          size: config.inputSize,
          patch: config.patchSize,
        }),
        params: ops.patchEmbedParams(rows, shape.samples === 1 ? 0 : config.inChannels * plane),
        storage: [
          this.latents,
          weights.get('x_embedder.proj.weight'),
          weights.get('x_embedder.proj.bias'),
          weights.get('pos_embed'),
          this.hidden,
        ],
        workgroups: ops.flatWorkgroups((rows * C) / 4),
        cost: 2 * rows * C * patchElements,
      }),
    ];

    const norm = (base: number, stride: number, shift: number, scale: number, epsilon: number) =>
      this.#builder.add({
        kernel: ops.layerNormKernel,
        constants: ops.layerNormConstants({ C, epsilon }),
        params: ops.layerNormParams({
          rows,
          tokens,
          shiftOffset: base + shift * C,
          scaleOffset: base + scale * C,
          modulationStride: stride,
        }),
        storage: [this.hidden, table, normed],
        workgroups: ops.layerNormWorkgroups(rows),
        cost: rows * C * 10,
      });
    const gated = (name: string, input: GPUBuffer, K: number, gateOffset: number) =>
      this.#builder.add({
        kernel: ops.matmulKernel({ tiling, weights: weights.storage, epilogue: 'gated' }),
        params: ops.matmulGatedParams({ rows, K, N: C }, { tokens, gateOffset, modulationStride: 6 * C }),
        storage: [input, weights.get(`${name}.weight`), weights.get(`${name}.bias`), this.hidden, table],
        workgroups: ops.matmulWorkgroups(tiling, rows, C),
        cost: 2 * rows * C * K,
      });

    const headDim = C / config.numHeads;
    this.blocks = layers.map((layer) => {
      const name = `blocks.${layer}`;
      const base = layerOffset(layer);
      return [
        norm(base, 6 * C, parts.shiftAttn, parts.scaleAttn, config.normEps),
        this.#linear(`${name}.attn.qkv`, normed, wide, { rows, K: C, N: 3 * C }),
        this.#builder.add({
          kernel: ops.attentionKernel(headDim),
          params: ops.attentionParams({ tokens, heads: config.numHeads, headDim }),
          storage: [wide, normed, logSumExp],
          workgroups: ops.attentionWorkgroups({ batch, tokens, heads: config.numHeads }),
          cost: 4 * rows * tokens * C,
        }),
        gated(`${name}.attn.proj`, normed, C, base + parts.gateAttn * C),
        norm(base, 6 * C, parts.shiftMlp, parts.scaleMlp, config.mlpNormEps),
        this.#linear(`${name}.mlp.fc1`, normed, wide, { rows, K: C, N: config.mlpHiddenSize, activation: 'gelu' }),
        gated(`${name}.mlp.fc2`, wide, config.mlpHiddenSize, base + parts.gateMlp * C),
      ];
    });

    const predictionElements = batch * config.outChannels * plane;
    this.final = [
      norm(finalOffset, 2 * C, 0, 1, config.normEps),
      this.#linear('final_layer.linear', normed, wide, { rows, K: C, N: config.patchSize ** 2 * config.outChannels }),
      this.#builder.add({
        kernel: ops.unpatchifyKernel,
        constants: ops.unpatchifyConstants({
          channels: config.outChannels,
          size: config.inputSize,
          patch: config.patchSize,
        }),
        params: ops.unpatchifyParams(predictionElements),
        storage: [wide, this.prediction],
        workgroups: ops.flatWorkgroups(predictionElements),
        cost: predictionElements,
      }),
    ];

    const latentElements = config.inChannels * plane;
    this.sampler = [
      this.#builder.add({
        kernel: ops.samplerStepKernel,
        constants: ops.samplerStepConstants({ plane, modelChannels: config.outChannels }),
        params: ops.samplerStepParams(latentElements, batch),
        storage: [this.prediction, this.latents],
        workgroups: ops.flatWorkgroups(latentElements),
        cost: latentElements * 8,
      }),
    ];
  }

  destroy(): void {
    this.#scope.destroy();
  }

  #linear(
    name: string,
    input: GPUBuffer,
    output: GPUBuffer,
    p: { rows: number; K: number; N: number; activation?: ops.Activation; outputOffset?: number },
  ): Dispatch {
    return this.#builder.add({
      kernel: ops.matmulKernel({ tiling: this.tiling, weights: this.weights.storage, epilogue: 'store' }),
      constants: ops.matmulConstants(p.activation ?? 'none'),
      params: ops.matmulStoreParams(p, p.outputOffset),
      storage: [input, this.weights.get(`${name}.weight`), this.weights.get(`${name}.bias`), output],
      workgroups: ops.matmulWorkgroups(this.tiling, p.rows, p.N),
      cost: 2 * p.rows * p.K * p.N,
    });
  }
}
