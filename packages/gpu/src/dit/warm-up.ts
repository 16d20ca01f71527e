import {
  captionLength,
  embedderPrefixes,
  idleMove,
  type PixArtConfig,
  type RunPlan,
  type SelectionSpec,
  type StepCompute,
  type TransformerConfig,
  tokenCount,
} from '@webdit/core';
import { matmulKernel, maxSelectTokens } from '@webdit/shaders';
import type { BufferScope } from '../allocator.ts';
import type { PipelineCache } from '../pipelines.ts';
import type { KernelChoice } from '../tiling.ts';
import { matmulRowBounds } from '../tuner/matmul.ts';
import type { DiTGraph } from './graph.ts';
import { StepPrograms } from './programs.ts';
import type { DiTWeights } from './weights.ts';

/** A plan of every kind of step, with a selection. */
type EveryKindPlan = RunPlan & { readonly selection: SelectionSpec };

/** A plan that uses every kernel a policy can ask for, so that the load compiles them all. It is never run. */
export function everyKindOfStep(config: TransformerConfig): EveryKindPlan {
  const layers = Array.from({ length: config.depth }, (_, layer) => layer);
  const lastLayer = (tokens: number) => layers.map((layer) => (layer === config.depth - 1 ? tokens : 0));
  const tokens = tokenCount(config);
  const recomputed = (tokens: number) => ({
    mlpTokens: lastLayer(tokens),
    ...(config.kind === 'pixart' ? { crossTokens: lastLayer(tokens) } : {}),
  });
  // One of each class of row counts: the matmul tiling depends on it.
  const selections = [...matmulRowBounds.map((rows) => rows / 2).filter((k) => k < tokens), tokens];
  const stack = { first: 0, last: config.depth, keep: 'residual' } as const;
  const kinds: StepCompute[] = [
    { kind: 'full' },
    { kind: 'full', storesCache: true, scoreLayers: [config.depth - 1] },
    { kind: 'reuse' },
    { kind: 'full', stack },
    { kind: 'skip', stack },
    { kind: 'full', stack: { ...stack, first: 1 }, probe: { at: 'blocks', against: 'computed', asks: true } },
    { kind: 'selective', attnLayers: [config.depth - 1], ...recomputed(tokens) },
    ...(tokens <= maxSelectTokens ? selections : []).map((k): StepCompute => {
      return { kind: 'selective', ...recomputed(k) };
    }),
  ];
  return {
    format: 'webdit-plan/1',
    policy: 'none',
    derived: false,
    sampler: 'none',
    guidance: { scale: 2, channels: config.inChannels },
    labels: [0, config.kind === 'dit' ? config.numClasses : 1],
    selection: { score: 'attention', staleness: null, bonus: null, shareCfg: false },
    steps: kinds.map((kind, n) => ({
      ...kind,
      ...idleMove,
      n,
      checkpoint: kind.kind === 'full',
      flops: 0,
    })),
  };
}

/** Prepares such a plan with every score its selections may go by. */
export function compileEveryKind(graph: DiTGraph, plan: EveryKindPlan, scope: BufferScope): void {
  const scores = ['attention', 'value-norm', ...(graph.caption ? (['cross-entropy'] as const) : [])] as const;
  for (const score of scores) {
    new StepPrograms(graph, { ...plan, selection: { ...plan.selection, score } }, scope).compileAll(plan.steps);
  }
}

/** Requests the pipelines of the timestep MLP and the modulation table for every number of steps a run may have. */
export function requestConditioning(
  pipelines: PipelineCache,
  choice: KernelChoice,
  weights: DiTWeights,
  config: TransformerConfig,
): void {
  const { hiddenSize: C, frequencyEmbeddingSize } = config;
  const [prefix = ''] = config.kind === 'dit' ? embedderPrefixes(config) : [];
  const linears: readonly (readonly [name: string, K: number, N: number])[] = [
    [`${prefix}t_embedder.mlp.0`, frequencyEmbeddingSize, C],
    [`${prefix}t_embedder.mlp.2`, C, C],
    ...(config.kind === 'dit'
      ? ([
          ['blocks.0.adaLN_modulation.1', C, 6 * C],
          // The first block's is kept in another way than the others' where these are bytes.
          [`blocks.${config.depth - 1}.adaLN_modulation.1`, C, 6 * C],
          ['final_layer.adaLN_modulation.1', C, 2 * C],
        ] as const)
      : pixArtLinears(config)),
  ];
  for (const [name, K, N] of linears) {
    for (const rows of [...matmulRowBounds, Number.MAX_SAFE_INTEGER]) {
      const tiling = choice.matmul({ rows, K, N });
      const kernel = matmulKernel({ tiling, weights: weights.kernelWeights(name), epilogue: 'store' });
      pipelines.request(kernel);
    }
  }
}

/** Those that run once per run or chunk, over as many rows as its text or its steps have. */
function pixArtLinears({ hiddenSize: C, captionChannels }: PixArtConfig) {
  return [
    ['t_block.1', C, 6 * C],
    ['y_embedder.y_proj.fc1', captionChannels, C],
    ['y_embedder.y_proj.fc2', C, C],
    ['blocks.0.cross_attn.kv_linear', C, 2 * C],
  ] as const;
}

/** Tokens of a text whose run is prepared before it is known: the longest. 0 for models without text. */
export function usualCaption(config: TransformerConfig): number {
  return config.kind === 'pixart' ? captionLength([config.maxCaptionTokens]) : 0;
}
