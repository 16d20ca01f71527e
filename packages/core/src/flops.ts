import { captionLength } from './captions.ts';
import { branchesOf, type TransformerConfig, tokenCount } from './model.ts';
import type { RunPlan, SelectionSpec, StepCompute } from './plan.ts';
import { featuresRead, runsModel } from './policies/live-caches.ts';

/**
 * FLOPs of one step as the feature-caching papers count them, for comparison with their tables only: multiplies and adds
 * apart, embedders and final layer left out, the adaLN linear counted once per weight. Per block and row:
 * full 8 N C^2 + 4 N C M + 4 N^2 C + 5 H N^2 + 27 N C, selective 4 k C M + 24 k C + 2 N C, attention by itself
 * 8 N C^2 + 4 N^2 C + 5 H N^2 + N C, every kind C + 6 C^2 (M = MLP width, 4 C in DiT, where the first two make 24 N C^2).
 * PixArt has no modulation to count in its blocks, and in each, with L caption tokens, 4 k C^2 + 4 L C^2 + 4 k L C + 5 H k L of
 * cross-attention, k = N in a full step: its keys and values are counted anew wherever it runs.
 * Forecasts are free, as in their tables, and so are the blocks of a skip; a step that does not run the model costs nothing.
 *
 * @param rows rows of the batch: 2 with classifier-free guidance, else 1.
 * @param captionTokens of a text model, padding included.
 */
export function published(
  config: TransformerConfig,
  rows: number,
  step: StepCompute,
  captionTokens: number = mostCaptionTokens(config),
): number {
  if (!runsModel(step)) return 0;
  const n = tokenCount(config);
  const { hiddenSize: c, mlpHiddenSize: m, numHeads: heads, depth } = config;
  const every = config.kind === 'pixart' ? 0 : c + 6 * c * c;
  const attention = 8 * n * c * c + 4 * n * n * c + 5 * heads * n * n + n * c;
  const cross = (k: number) => 4 * (k + captionTokens) * c * c + (4 * c + 5 * heads) * k * captionTokens;
  const block = attention + (hasCross(config) ? cross(n) : 0) + 4 * n * c * m + 26 * n * c;
  switch (step.kind) {
    case 'full':
      return rows * depth * (every + block);
    case 'reuse':
    case 'forecast':
      return rows * depth * every;
    case 'selective': {
      const mlp = sum(recomputed(step.mlpTokens), (k) => 4 * k * c * m + 24 * k * c + 2 * n * c);
      const crossed = sum(recomputed(step.crossTokens), cross);
      return rows * (depth * every + mlp + crossed + (step.attnLayers?.length ?? 0) * attention);
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
 * PixArt's modulation is one matmul for each timestep, for all rows and blocks, and the additions of the blocks' tables. What its
 * captions and picture size cost is not here but in `conditioningFlops`, once for the run.
 *
 * @param selection how selective steps choose tokens; attention scores and the entropy of cross-attention cost another query-key
 *   product where they are found.
 * @param captionTokens of a text model, padding included.
 */
export function executed(
  config: TransformerConfig,
  rows: number,
  step: StepCompute,
  selection: SelectionSpec | null = null,
  captionTokens: number = mostCaptionTokens(config),
): number {
  const n = tokenCount(config);
  const { hiddenSize: c, mlpHiddenSize: m, depth, patchSize, inChannels, outChannels } = config;
  const patch = patchSize * patchSize;
  const embed = skipped(step) === depth && step.stack?.keep === 'state' ? 0 : n * c * patch * inChannels;
  const final = n * c * patch * outChannels;
  const { row: modulation, timestep } = modulationOf(config);
  const gatedSums = branchesOf(config).length * depth * n * c;
  const attention = 4 * n * c * c + 2 * n * n * c;
  const scoring = selection?.score === 'cross-entropy' ? captionTokens * c : 0;
  const cross = (k: number) => 2 * k * c * c + 2 * k * captionTokens * c;
  const block = attention + (hasCross(config) ? cross(n) : 0) + 2 * n * c * m;
  // what a skip puts back; what a computed step keeps for it is taken before the first block and added after the last
  const stack = step.stack ? (step.stack.keep === 'residual' && step.kind !== 'skip' ? 2 : 1) * n * c : 0;
  // the difference to a reference, and what it is measured by
  const probe = step.probe ? 3 * n * c : 0;
  const predictions = (step.predictions?.length ?? 0) * n * patch * outChannels;
  if (!runsModel(step)) return 2 * rows * predictions;
  let blocks: number;
  switch (step.kind) {
    case 'full': {
      const score = selection?.score === 'attention' ? n * n * c : n * scoring;
      blocks = depth * block + (step.scoreLayers?.length ?? 0) * score;
      break;
    }
    case 'reuse':
      blocks = gatedSums;
      break;
    case 'selective':
      blocks =
        gatedSums +
        sum(recomputed(step.mlpTokens), (k) => 2 * k * c * m) +
        sum(recomputed(step.crossTokens), (k) => cross(k) + k * scoring) +
        (step.attnLayers?.length ?? 0) * attention;
      break;
    case 'forecast':
      blocks = gatedSums * featuresRead(step);
      break;
    case 'skip':
      blocks = (depth - skipped(step)) * block;
      break;
  }
  return 2 * (rows * (embed + blocks + stack + probe + final + predictions + modulation) + timestep);
}

/** Multiply-adds of a step's modulation: by row, and once for all rows, which share the timestep. */
function modulationOf(config: TransformerConfig): { readonly row: number; readonly timestep: number } {
  const { hiddenSize: c, depth, frequencyEmbeddingSize } = config;
  const embedder = frequencyEmbeddingSize * c + c * c;
  if (config.kind === 'pixart') return { row: 6 * c * c + (6 * depth + 2) * c, timestep: embedder };
  // perhaps an embedder in every block
  return { row: depth * 6 * c * c + 2 * c * c, timestep: (config.embeddersPerBlock ? depth : 1) * embedder };
}

/**
 * FLOPs that a text model's run has once, whatever its steps compute; a plan charges them to step 0. They are the projection of the
 * captions, every layer's keys and values of them, and the embedding of the picture's size. 0 for a DiT.
 */
export function conditioningFlops(
  config: TransformerConfig,
  rows: number,
  captionTokens: number = mostCaptionTokens(config),
): number {
  if (config.kind !== 'pixart') return 0;
  const { hiddenSize: c, captionChannels, depth, frequencyEmbeddingSize, sizeConditions } = config;
  const caption = captionTokens * (captionChannels * c + c * c + depth * 2 * c * c);
  // height, width and aspect ratio, a third of the width each
  const size = sizeConditions ? 3 * ((frequencyEmbeddingSize * c) / 3 + (c / 3) ** 2) : 0;
  return 2 * (rows * caption + size);
}

function hasCross(config: TransformerConfig): boolean {
  return branchesOf(config).includes('cross');
}

function mostCaptionTokens(config: TransformerConfig): number {
  return config.kind === 'pixart' ? captionLength([config.maxCaptionTokens]) : 0;
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
  config: TransformerConfig,
  plan: Pick<RunPlan, 'labels' | 'steps' | 'selection' | 'captionTokens'>,
): {
  published: FlopTotal;
  executed: FlopTotal;
} {
  const rows = plan.labels.length;
  const full: StepCompute = { kind: 'full' };
  const { captionTokens } = plan;
  const total = (count: (step: StepCompute) => number, once = 0): FlopTotal => {
    const cost = once + sum(plan.steps, count);
    const uncached = once + plan.steps.length * count(full);
    return { total: cost, uncached, ratio: uncached / cost };
  };
  return {
    published: total((step) => published(config, rows, step, captionTokens)),
    executed: total(
      (step) => executed(config, rows, step, plan.selection, captionTokens),
      conditioningFlops(config, rows, captionTokens),
    ),
  };
}

/** Tokens recomputed, for the layers that recompute any. */
function recomputed(tokens: readonly number[] = []): number[] {
  return tokens.filter((k) => k > 0);
}

/** Blocks that a skip step does not run. */
function skipped({ kind, stack }: StepCompute): number {
  return kind === 'skip' && stack ? stack.last - stack.first : 0;
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}
