import { type DiTConfig, type RunPlan, type SelectionSpec, type StepCompute, tokenCount } from '@webdit/core';
import { maxSelectTokens } from '@webdit/shaders';
import { matmulRowBounds } from '../tuner/matmul.ts';

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
