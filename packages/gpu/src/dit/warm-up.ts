import {
  type DiTConfig,
  embedderPrefixes,
  type RunPlan,
  type SelectionSpec,
  type StepCompute,
  tokenCount,
} from '@webdit/core';
import { type Activation, matmulConstants, matmulKernel, maxSelectTokens } from '@webdit/shaders';
import type { PipelineCache } from '../pipelines.ts';
import type { KernelChoice } from '../tiling.ts';
import { matmulRowBounds } from '../tuner/matmul.ts';
import type { DiTWeights } from './weights.ts';

/** A plan that uses every kernel a static policy can ask for, so that the load compiles them all. It is never run. */
export function everyKindOfStep(config: DiTConfig): RunPlan & { readonly selection: SelectionSpec } {
  const layers = Array.from({ length: config.depth }, (_, layer) => layer);
  const lastLayer = (tokens: number) => layers.map((layer) => (layer === config.depth - 1 ? tokens : 0));
  const tokens = tokenCount(config);
  // One of each class of row counts: the matmul tiling depends on it.
  const selections = [...matmulRowBounds.map((rows) => rows / 2).filter((k) => k < tokens), tokens];
  const kinds: StepCompute[] = [
    { kind: 'full' },
    { kind: 'full', storesCache: true, scoreLayers: [config.depth - 1] },
    { kind: 'reuse' },
    ...(tokens <= maxSelectTokens ? selections : []).map((k): StepCompute => {
      return { kind: 'selective', mlpTokens: lastLayer(k) };
    }),
  ];
  return {
    format: 'webdit-plan/1',
    policy: 'none',
    derived: false,
    sampler: 'none',
    guidance: { scale: 2, channels: config.inChannels },
    labels: [0, config.numClasses],
    selection: { score: 'attention', staleness: null, bonus: null, shareCfg: false },
    steps: kinds.map((kind, n) => ({
      ...kind,
      n,
      timestep: 0,
      sample: 1,
      prediction: 0,
      checkpoint: kind.kind === 'full',
      flops: 0,
    })),
  };
}

/** Requests the pipelines of the timestep MLP and the modulation table for every number of steps a run may have. */
export function requestConditioning(
  pipelines: PipelineCache,
  choice: KernelChoice,
  weights: DiTWeights,
  config: DiTConfig,
): void {
  const { hiddenSize: C, frequencyEmbeddingSize } = config;
  const [prefix] = embedderPrefixes(config) as [string];
  const linears: readonly [name: string, K: number, N: number, activation: Activation][] = [
    [`${prefix}t_embedder.mlp.0`, frequencyEmbeddingSize, C, 'silu'],
    [`${prefix}t_embedder.mlp.2`, C, C, 'none'],
    ['blocks.0.adaLN_modulation.1', C, 6 * C, 'none'],
    ['final_layer.adaLN_modulation.1', C, 2 * C, 'none'],
  ];
  for (const [name, K, N, activation] of linears) {
    for (const rows of [...matmulRowBounds, Number.MAX_SAFE_INTEGER]) {
      const tiling = choice.matmul({ rows, K, N });
      const kernel = matmulKernel({ tiling, weights: weights.kernelWeights(name), epilogue: 'store' });
      pipelines.request(kernel, matmulConstants(activation));
    }
  }
}
