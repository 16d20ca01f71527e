import { type DiTConfig, median, tokenCount } from '@webdit/core';
import type { MatmulWeights } from '@webdit/shaders';
import type { DeviceHolder } from '../device.ts';
import { type DiTGraph, wholeProgram } from '../dit/graph.ts';
import type { Dispatch } from '../program.ts';
import { Slicer } from '../slicer.ts';
import { type BenchModel, batch, selectedTokens } from './models.ts';
import { prepareModel } from './prepare.ts';
import { BenchScope } from './scope.ts';
import { addWork, attentionWork, gatedSumWork, matmulWork, normWork, type Tokens, times, type Work } from './work.ts';

/** What one step of a kind asks of the CPU and of the memory bus. The modulation table is made ahead of the steps. */
export interface StepCost {
  readonly kind: 'full' | 'full, storing' | 'reuse' | 'selective';
  readonly dispatches: number;
  /** Milliseconds of one execution on the GPU, the median of the rounds: of a loaded model only. */
  readonly ms?: number;
  /** Median CPU milliseconds to encode the step as a run does and finish its command buffers. */
  readonly encodeMs: number;
  /** The first time of all, when nothing is compiled yet. */
  readonly firstEncodeMs: number;
  readonly gflop: number;
  /** Weights and activations read and written once each. */
  readonly megabytes: number;
}

export interface ModelSteps {
  readonly model: string;
  readonly depth: number;
  /** Dispatches of one block in a full step, at full width: more where this adapter is given large ones in parts. */
  readonly dispatchesPerBlock: number;
  readonly steps: readonly StepCost[];
}

/** Encodes every kind of step of a model `samples` times; nothing is submitted. */
export async function measureSteps(
  holder: DeviceHolder,
  { name, config, standsFor = config }: BenchModel,
  weights: MatmulWeights,
  { samples, signal }: { readonly samples: number; readonly signal?: AbortSignal | undefined },
): Promise<ModelSteps> {
  const bench = new BenchScope(holder);
  try {
    const prepared = prepareModel(bench, config, weights);
    await bench.ready(signal);
    const { graph, programs } = prepared;
    const works = stepWorks(config, weights);
    const kinds = [
      ['full', programs.full, works.full],
      ['full, storing', programs.storing, works.full],
      ['reuse', programs.reuse, works.reuse],
    ] as const;
    const steps: StepCost[] = [];
    for (const [kind, program, { flops, bytes }] of kinds) {
      const dispatches = [...program, ...graph.sampler];
      const times = await timeEncoding(prepared.graph, holder, dispatches, samples);
      steps.push({ kind, dispatches: dispatches.length, ...times, gflop: flops / 1e9, megabytes: bytes / 1e6 });
      signal?.throwIfAborted();
    }
    const dispatchesPerBlock = await countPerBlock(holder, standsFor, weights);
    return { model: name, depth: config.depth, dispatchesPerBlock, steps };
  } finally {
    bench.destroy();
  }
}

/** Dispatches of a block, none of them compiled or run. */
async function countPerBlock(holder: DeviceHolder, config: DiTConfig, weights: MatmulWeights): Promise<number> {
  const bench = new BenchScope(holder);
  try {
    const [block] = prepareModel(bench, { ...config, depth: 1 }, weights).graph.blocks;
    await bench.scope.allocator.settle();
    return block ? wholeProgram(block).length : 0;
  } finally {
    bench.destroy();
  }
}

/** Until the JavaScript is compiled. */
const warmUps = 5;

export async function timeEncoding(
  { stepGroup }: Pick<DiTGraph, 'stepGroup'>,
  holder: DeviceHolder,
  dispatches: readonly Dispatch[],
  samples: number,
): Promise<{ readonly encodeMs: number; readonly firstEncodeMs: number }> {
  const slicer = new Slicer(withoutSubmits(holder), { stepGroup });
  const taken: number[] = [];
  for (let i = 0; i < samples + warmUps; i++) {
    const start = performance.now();
    await slicer.add(i, 0, dispatches);
    await slicer.endStep(i);
    await slicer.flush();
    taken.push(performance.now() - start);
    // In a browser another process takes the commands: let it keep up.
    await holder.device.queue.onSubmittedWorkDone();
  }
  await slicer.finish();
  return { encodeMs: median(taken.slice(warmUps)), firstEncodeMs: taken[0] ?? Number.NaN };
}

/** The device as the slicer sees it, with a queue that does at once nothing: a step is then one submit or few. */
function withoutSubmits(holder: DeviceHolder): ConstructorParameters<typeof Slicer>[0] {
  const queue = { submit() {}, onSubmittedWorkDone: async () => {} };
  const device = { queue, createCommandEncoder: () => holder.device.createCommandEncoder() };
  return { device: device as unknown as GPUDevice, adapterInfo: holder.adapterInfo, check: () => holder.check() };
}

/**
 * Work of a step between its modulation table and its sampler update, by the ops of the graph.
 * @param deepLayers how many blocks a selective step recomputes tokens in.
 */
export function stepWorks(
  config: DiTConfig,
  weights: MatmulWeights,
  deepLayers = 1,
): Readonly<Record<'full' | 'reuse' | 'selective', Work>> {
  const { hiddenSize: C, mlpHiddenSize: mlp, numHeads: heads, depth, inChannels, outChannels, patchSize } = config;
  const tokens = tokenCount(config);
  const size: Tokens = { batch, tokens, heads, width: C };
  const rows = batch * tokens;
  const patch = patchSize ** 2;
  const linear = (K: number, N: number) => matmulWork({ rows, K, N }, weights);
  const embed = {
    flops: 2 * rows * C * inChannels * patch,
    bytes: 4 * (C * (rows + tokens + inChannels * patch + 1) + tokens * patch * inChannels),
  };
  const unpatchify = { flops: 0, bytes: 2 * 4 * rows * patch * outChannels };
  const sampler = { flops: 0, bytes: 4 * tokens * patch * (batch * outChannels + 3 * inChannels) };
  // Int8 is not for the output.
  const last = matmulWork({ rows, K: C, N: patch * outChannels }, weights === 'int8' ? 'packed-f16' : weights);
  const end = [last, unpatchify, sampler];
  const matmuls = [linear(C, 3 * C), linear(C, C), linear(C, mlp), linear(mlp, C)];
  // Two residuals a block, each added by the norm that follows; the first norm of all has none to add.
  const norms = [normWork(size, false), times(normWork(size, true), 2 * depth)];
  const blocks = times(addWork([...matmuls, attentionWork(size)]), depth);
  const reuse = addWork([embed, gatedSumWork(size, 2 * depth), normWork(size, false), ...end]);
  const selected = selectedTokens(config);
  const few = (K: number, N: number) => matmulWork({ rows: batch * selected, K, N }, weights);
  const recomputed = addWork([normWork({ ...size, tokens: selected }, false), few(C, mlp), few(mlp, C)]);
  return {
    full: addWork([embed, blocks, ...norms, ...end]),
    reuse,
    selective: addWork([reuse, times(recomputed, deepLayers)]),
  };
}
