import { type DiTConfig, tokenCount } from './model.ts';
import type { RunPlan, SelectionSpec, StepCompute } from './plan.ts';
import { featuresRead, runsModel } from './policies/live-caches.ts';

/**
 * FLOPs of one step as the feature-caching papers count them, for comparison with their tables only: multiplies and adds
 * apart, embedders and final layer left out, the adaLN linear counted once per weight. Per block and row:
 * full 8 N C^2 + 4 N C M + 4 N^2 C + 5 H N^2 + 27 N C, selective 4 k C M + 24 k C + 2 N C, attention by itself
 * 8 N C^2 + 4 N^2 C + 5 H N^2 + N C, every kind C + 6 C^2 (M = MLP width, 4 C in DiT, where the first two make 24 N C^2).
 * Forecasts are free, as in their tables, and so are the blocks of a skip; a step that does not run the model costs nothing.
 *
 * @param rows rows of the batch: 2 with classifier-free guidance, else 1.
 */
export function published(config: DiTConfig, rows: number, step: StepCompute): number {
  if (!runsModel(step)) return 0;
  const n = tokenCount(config);
  const { hiddenSize: c, mlpHiddenSize: m, numHeads: heads, depth } = config;
  const every = c + 6 * c * c;
  const attention = 8 * n * c * c + 4 * n * n * c + 5 * heads * n * n + n * c;
  const block = attention + 4 * n * c * m + 26 * n * c;
  switch (step.kind) {
    case 'full':
      return rows * depth * (every + block);
    case 'reuse':
    case 'forecast':
      return rows * depth * every;
    case 'selective': {
      const tokens = sum(recomputed(step), (k) => 4 * k * c * m + 24 * k * c + 2 * n * c);
      return rows * (depth * every + tokens + (step.attnLayers?.length ?? 0) * attention);
    }
    case 'skip':
      return rows * (depth - skipped(step)) * (every + block);
  }
}

/**
 * FLOPs of one step as WebDiT runs it: twice the multiply-adds of its matmuls, attention products, gated sums and additions.
 * Modulation and embedder matmuls run in batches before they are needed; each step is charged its own rows of them. A selective
 * step is the gated sums of a reuse step, wherever they are fused, and the matmuls of what it computes. A forecast is the
 * gated sums once for each full step it looks back on, or the sum of their predictions alone. A skip runs the blocks around it,
 * and adds what stands for the others.
 *
 * @param selection how selective steps choose tokens; attention scores cost another query-key product where emitted.
 */
export function executed(
  config: DiTConfig,
  rows: number,
  step: StepCompute,
  selection: SelectionSpec | null = null,
): number {
  const n = tokenCount(config);
  const { hiddenSize: c, mlpHiddenSize: m, depth, patchSize, inChannels, outChannels } = config;
  const patch = patchSize * patchSize;
  const embed = skipped(step) === depth && step.stack?.keep === 'state' ? 0 : n * c * patch * inChannels;
  const final = n * c * patch * outChannels;
  const modulation = depth * 6 * c * c + 2 * c * c;
  // one timestep for all rows, but perhaps an embedder in every block
  const timestep = (config.embeddersPerBlock ? depth : 1) * (config.frequencyEmbeddingSize * c + c * c);
  const gatedSums = 2 * depth * n * c;
  const attention = 4 * n * c * c + 2 * n * n * c;
  // what a skip puts back; what a computed step keeps for it is taken before the first block and added after the last
  const stack = step.stack ? (step.stack.keep === 'residual' && step.kind !== 'skip' ? 2 : 1) * n * c : 0;
  // the difference to a reference, and what it is measured by
  const probe = step.probe ? 3 * n * c : 0;
  const predictions = (step.predictions?.length ?? 0) * n * patch * outChannels;
  if (!runsModel(step)) return 2 * rows * predictions;
  let blocks: number;
  switch (step.kind) {
    case 'full': {
      const scores = selection?.score === 'attention' ? (step.scoreLayers?.length ?? 0) * n * n * c : 0;
      blocks = depth * (attention + 2 * n * c * m) + scores;
      break;
    }
    case 'reuse':
      blocks = gatedSums;
      break;
    case 'selective':
      blocks = gatedSums + sum(recomputed(step), (k) => 2 * k * c * m) + (step.attnLayers?.length ?? 0) * attention;
      break;
    case 'forecast':
      blocks = gatedSums * featuresRead(step);
      break;
    case 'skip':
      blocks = (depth - skipped(step)) * (attention + 2 * n * c * m);
      break;
  }
  return 2 * (rows * (embed + blocks + stack + probe + final + predictions + modulation) + timestep);
}

export interface FlopTotal {
  /** FLOPs of the run. */
  readonly total: number;
  /** FLOPs of the same run with every step full. */
  readonly uncached: number;
  /** `uncached / total`: how many times fewer FLOPs. Not a latency ratio. */
  readonly ratio: number;
}

/** Both accounts of a run. */
export function runFlops(
  config: DiTConfig,
  plan: Pick<RunPlan, 'labels' | 'steps' | 'selection'>,
): {
  published: FlopTotal;
  executed: FlopTotal;
} {
  const rows = plan.labels.length;
  const full: StepCompute = { kind: 'full' };
  const total = (count: (step: StepCompute) => number): FlopTotal => {
    const cost = sum(plan.steps, count);
    const uncached = plan.steps.length * count(full);
    return { total: cost, uncached, ratio: uncached / cost };
  };
  return {
    published: total((step) => published(config, rows, step)),
    executed: total((step) => executed(config, rows, step, plan.selection)),
  };
}

/** Tokens recomputed, for the layers that recompute any. */
function recomputed(step: StepCompute): number[] {
  return (step.mlpTokens ?? []).filter((k) => k > 0);
}

/** Blocks that a skip step does not run. */
function skipped({ kind, stack }: StepCompute): number {
  return kind === 'skip' && stack ? stack.last - stack.first : 0;
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}
