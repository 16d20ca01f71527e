import { type DiTConfig, embedderPrefixes, type PixArtConfig } from '@webdit/core';
import * as kernels from '@webdit/shaders';
import type { BufferScope } from '../allocator.ts';
import type { Dispatch } from '../program.ts';
import { type BranchSlot, type DiTOps, modulationParts, whole } from './ops.ts';

/** What fills the modulation table. */
export interface Conditioning {
  /** Once per run. */
  readonly once: readonly Dispatch[];
  /** Once per chunk of steps. */
  readonly modulation: readonly Dispatch[];
  /** Sinusoids of the picture's height and width, `[2, frequencies]`, and of its aspect ratio, for models that are told them. */
  readonly sizes?: { readonly resolution: GPUBuffer; readonly aspectRatio: GPUBuffer };
}

export interface ConditioningInputs {
  /** Distinct timesteps of the run. */
  readonly timesteps: number;
  /** `[timesteps, frequencies]`. */
  readonly sinusoids: GPUBuffer;
  /** (row of `sinusoids`, label) of every row of the run. */
  readonly conditions: GPUBuffer;
}

/** Vectors of a block in the modulation table. */
const blockParts = Object.keys(modulationParts).length;

/** adaLN-Zero: every block has a linear of its own over the sum of time and label embedding. Peebles and Xie 2023. */
export function adaLNZero(
  ops: DiTOps,
  config: DiTConfig,
  { timesteps, sinusoids, conditions }: ConditioningInputs,
  scope: BufferScope,
): Conditioning {
  const C = config.hiddenSize;
  const { rows } = ops.table;
  const hidden = scope.storage('time_hidden', timesteps * C);
  const conditioning = scope.storage('conditioning', rows * C);
  const allLayers = Array.from({ length: config.depth }, (_, layer) => layer);
  const embedders = embedderPrefixes(config).map((prefix, i) => ({
    prefix,
    embedding: scope.storage(`${prefix}time_embedding`, timesteps * C),
    layers: config.embeddersPerBlock ? [i] : allLayers,
    hasFinalLayer: i === 0,
  }));
  const adaLN = (name: string, N: number, layer: number) =>
    ops.linear(
      `${name}.adaLN_modulation.1`,
      conditioning,
      { buffer: ops.table.buffer, offset: ops.layerOffset(layer) },
      { rows, K: C, N },
    );
  return {
    once: embedders.flatMap(({ prefix, embedding }) =>
      twoLinears(ops, `${prefix}t_embedder.mlp`, {
        sinusoids,
        rows: timesteps,
        hidden,
        output: whole(embedding),
        width: C,
      }),
    ),
    modulation: embedders.flatMap(({ prefix, embedding, layers, hasFinalLayer }) => [
      ...ops.weights
        .parts(`${prefix}y_embedder.embedding_table.weight`)
        .map((table) =>
          condition(ops, [embedding, table.buffer, conditions, conditioning], { first: table.first, rows: table.rows }),
        ),
      ...layers.flatMap((layer) => adaLN(`blocks.${layer}`, blockParts * C, layer)),
      ...(hasFinalLayer ? adaLN('final_layer', 2 * C, config.depth) : []),
    ]),
  };
}

/**
 * adaLN-single: one linear over the timestep for all blocks, to which each adds a table; the final layer adds its own to the embedding
 * itself. Height, width and aspect ratio, where the model is told them, are part of the embedding. Chen et al. 2023, 2.3.
 */
export function adaLNSingle(
  ops: DiTOps,
  config: PixArtConfig,
  { timesteps, sinusoids, conditions }: ConditioningInputs,
  scope: BufferScope,
): Conditioning {
  const { hiddenSize: C, depth, frequencyEmbeddingSize: frequencies } = config;
  const { rows } = ops.table;
  const timeHidden = scope.storage('time_hidden', timesteps * C);
  const timeEmbedding = scope.storage('time_embedding', timesteps * C);
  /** Stands where DiT has a table of labels: one row, zeros for models that are told no size. */
  const sizeEmbedding = scope.storage('size_embedding', C);
  const embedding = scope.storage('embedding', rows * C);
  const conditioning = scope.storage('conditioning', rows * C);
  const shared = scope.storage('shared_modulation', rows * blockParts * C);
  const single = (layer: number, name: string, width: number, source: GPUBuffer, sourceWidth: number) =>
    ops.builder.add({
      kernel: kernels.adaLNSingleKernel,
      params: kernels.adaLNSingleParams({ rows, width, sourceWidth, outputOffset: ops.layerOffset(layer) }),
      storage: [ops.weights.get(`${name}.scale_shift_table`), source, ops.table.buffer],
      workgroups: kernels.flatWorkgroups((rows * width) / 4),
      cost: 2 * rows * width,
    });
  const sizes = config.sizeConditions
    ? {
        resolution: scope.storage('resolution', 2 * frequencies),
        aspectRatio: scope.storage('aspect_ratio', frequencies),
      }
    : undefined;
  const third = C / 3;
  const embedSizes = sizes
    ? [
        ...twoLinears(ops, 'csize_embedder.mlp', {
          ...{ sinusoids: sizes.resolution, rows: 2, hidden: timeHidden, width: third },
          output: whole(sizeEmbedding),
        }),
        ...twoLinears(ops, 'ar_embedder.mlp', {
          ...{ sinusoids: sizes.aspectRatio, rows: 1, hidden: timeHidden, width: third },
          output: { buffer: sizeEmbedding, offset: 2 * third },
        }),
      ]
    : [];
  const time = { sinusoids, rows: timesteps, hidden: timeHidden, output: whole(timeEmbedding), width: C };
  const one = { first: 0, rows: 1 };
  return {
    once: [...embedSizes, ...twoLinears(ops, 't_embedder.mlp', time)],
    modulation: [
      condition(ops, [timeEmbedding, sizeEmbedding, conditions, embedding], one, 'none'),
      condition(ops, [timeEmbedding, sizeEmbedding, conditions, conditioning], one),
      ...ops.linear('t_block.1', conditioning, whole(shared), { rows, K: C, N: blockParts * C }),
      ...Array.from({ length: depth }, (_, i) => single(i, `blocks.${i}`, blockParts * C, shared, blockParts * C)),
      single(depth, 'final_layer', 2 * C, embedding, C),
    ],
    ...(sizes ? { sizes } : {}),
  };
}

/** An embedder: linear, SiLU, linear over `[rows, frequencies]`. */
function twoLinears(
  ops: DiTOps,
  name: string,
  p: {
    readonly sinusoids: GPUBuffer;
    readonly rows: number;
    /** At least `[rows, width]`. */
    readonly hidden: GPUBuffer;
    readonly output: BranchSlot;
    readonly width: number;
  },
): Dispatch[] {
  const { rows, width: N } = p;
  const K = ops.config.frequencyEmbeddingSize;
  return [
    ...ops.linear(`${name}.0`, p.sinusoids, whole(p.hidden), { rows, K, N, activation: 'silu' }),
    ...ops.linear(`${name}.2`, p.hidden, p.output, { rows, K: N, N }),
  ];
}

/** @param storage time embedding, label table, conditions, output. */
function condition(
  ops: DiTOps,
  storage: readonly GPUBuffer[],
  labels: { readonly first: number; readonly rows: number },
  activation: 'silu' | 'none' = 'silu',
): Dispatch {
  const { rows } = ops.table;
  const C = ops.config.hiddenSize;
  return ops.builder.add({
    kernel: kernels.conditionKernel,
    constants: kernels.conditionConstants(C, activation),
    params: kernels.conditionParams(rows, { firstLabel: labels.first, labels: labels.rows }),
    storage,
    workgroups: kernels.flatWorkgroups((rows * C) / 4),
    cost: rows * C * 8,
  });
}
