import { embedderPrefixes, tokenCount } from '@webdit/core';
import type { MatmulWeights, ProbeNumber } from '@webdit/shaders';
import { FeatureCache } from '../dit/cache.ts';
import { DiTOps } from '../dit/ops.ts';
import { schedulePlan } from '../dit/run.ts';
import type { Dispatch } from '../program.ts';
import type { BenchCase } from './measure.ts';
import { type BenchModel, batch, benchPlan, selectedTokens } from './models.ts';
import { prepareModel } from './prepare.ts';
import type { BenchScope } from './scope.ts';
import {
  attentionScoresWork,
  attentionWork,
  gatedSumWork,
  matmulWork,
  normWork,
  type Tokens,
  type Work,
} from './work.ts';

/** One op of a model at the size a run has it. */
export interface KernelCase extends BenchCase {
  /** Kernel variants, as `report.kernels` prints them. */
  readonly kernels: string;
  readonly shape: string;
  readonly bytes: number;
  /** What its products are computed in: whose ceiling it is held against. */
  readonly math: ProbeNumber;
}

const mathOf = (weights: MatmulWeights): ProbeNumber => (weights === 'f16' ? 'f16' : 'f32');

/** Every op of a run that takes time, on the first block of a model cut to one block. */
export function kernelCases(bench: BenchScope, { config }: BenchModel, weights: MatmulWeights): KernelCase[] {
  const { holder, builder, scope } = bench;
  const limit = holder.maxStorageBufferBindingSize;
  const { modulationRows, timesteps } = schedulePlan(benchPlan(config), config, limit).shape;
  const { graph, programs } = prepareModel(bench, { ...config, depth: 1 }, weights, modulationRows);
  const { work, hidden, stepGroup } = graph;
  const ops = graph.ops.withBuilder(builder);
  const { rows, tokens } = ops;
  const { hiddenSize: C, mlpHiddenSize: mlp, numHeads: heads, depth } = config;
  const [embedder] = embedderPrefixes(config) as [string];
  const size: Tokens = { batch, tokens, heads, width: C };
  const selected = selectedTokens(config);
  const chosen = batch * selected;
  const whole = (buffer: GPUBuffer) => ({ buffer, offset: 0 });

  const one = (
    name: string,
    shape: string,
    program: readonly Dispatch[],
    { flops, bytes }: Work,
    math: ProbeNumber = 'f32',
  ): KernelCase => {
    const kernels = [...new Set(program.map(({ handle }) => handle.kernel.name))].join(' + ');
    return { name, shape, kernels, program, flops, bytes, math, stepGroup };
  };
  const linear = (name: string, input: GPUBuffer, output: GPUBuffer, rows: number, K: number, N: number) => {
    const activation = name.endsWith('fc1') ? 'gelu' : 'none';
    const program = ops.linear(name, input, whole(output), { rows, K, N, activation });
    const kept = ops.weights.kernelWeights(name);
    const shape = `${rows} x ${K} x ${N}`;
    return one(name.replace('blocks.0.', ''), shape, program, matmulWork({ rows, K, N }, kept), mathOf(kept));
  };
  const only = (op: string, program: readonly Dispatch[]) => program.filter(({ handle }) => handle.kernel.op === op);

  const rowShape = `${rows} x ${C}`;
  const attentionShape = `${batch} x ${heads} x ${tokens} x ${C / heads}`;
  const residual = { branch: whole(work.branch), gate: ops.gate(0, 'attn') };
  const conditioning = scope.storage('conditioning', Math.max(modulationRows, timesteps) * C);
  const ids = scope.storage('ids', rows);
  bench.holder.device.queue.writeBuffer(
    ids,
    0,
    Uint32Array.from({ length: rows }, (_, i) => i % tokens),
  );
  const scores = scope.storage('scores', rows * heads);
  const finalWidth = config.patchSize ** 2 * config.outChannels;
  // The sum is over all blocks, which this graph does not have.
  const ones = modulationRows * (depth * 6 + 2) * C;
  const table = { buffer: scope.storage('table', ones + C), rows: modulationRows, ones };
  const deep = new DiTOps(config, batch, ops.weights, ops.choice, table, builder);
  const entries = 2 * depth;
  const cache = new FeatureCache(deep, scope);
  const branchWeights = { buffer: scope.storage('forecast_weights', entries), first: 0 };

  return [
    linear('blocks.0.attn.qkv', work.normed, work.wide, rows, C, 3 * C),
    one('attention', attentionShape, ops.attention(work.wide, work.normed, work.logSumExp), attentionWork(size)),
    linear('blocks.0.attn.proj', work.normed, work.branch, rows, C, C),
    linear('blocks.0.mlp.fc1', work.normed, work.wide, rows, C, mlp),
    linear('blocks.0.mlp.fc2', work.wide, work.branch, rows, mlp, C),
    one('layer_norm', rowShape, [ops.norm(hidden, work.normed, ops.attentionNorm(0))], normWork(size, false)),
    one(
      'layer_norm after a residual',
      rowShape,
      [ops.norm(hidden, work.normed, ops.mlpNorm(0), residual)],
      normWork(size, true),
    ),
    linear('blocks.0.adaLN_modulation.1', conditioning, table.buffer, modulationRows, C, 6 * C),
    linear(`${embedder}t_embedder.mlp.2`, conditioning, work.normed, timesteps, C, C),
    linear('final_layer.linear', work.normed, work.wide, rows, C, finalWidth),
    one(
      'gated_sum',
      `${entries} x ${rowShape}`,
      cache.sum(deep, hidden, 0, entries, branchWeights),
      gatedSumWork(size, entries),
    ),
    one(
      'token_scores.attention',
      attentionShape,
      ops.attentionScores(work.wide, work.logSumExp, scores),
      attentionScoresWork(size),
    ),
    one('select_tokens', `${batch} x ${tokens}, ${selected} kept`, only('select_tokens', programs.selective), {
      flops: batch * tokens * tokens,
      bytes: 4 * rows * (heads + 3),
    }),
    linear('blocks.0.mlp.fc1', work.normed, work.wide, chosen, C, mlp),
    one(
      'mlp.fc2 scattered',
      `${chosen} x ${mlp} x ${C}`,
      ops.scatterLinear('blocks.0.mlp.fc2', work.wide, ids, mlp, selected, cache.slot(0, 'mlp')),
      matmulWork({ rows: chosen, K: mlp, N: C }, weights),
      mathOf(weights),
    ),
    one('patch_embed', rowShape, graph.embed, {
      flops: 2 * rows * C * config.inChannels * config.patchSize ** 2,
      bytes: 4 * C * (rows + tokens + config.inChannels * config.patchSize ** 2),
    }),
  ];
}

/** Tokens of a picture, for headings. */
export const describeModel = ({ name, config }: BenchModel): string =>
  `${name}: batch ${batch}, ${tokenCount(config)} tokens, width ${config.hiddenSize}, ${config.numHeads} heads`;
