import { requireDiT, tokenCount } from '@webdit/core';
import { maxSelectTokens } from '@webdit/shaders';
import { wholeProgram } from '../dit/graph.ts';
import type { DiTModel } from '../dit/model.ts';
import { measureCeilings } from './ceilings.ts';
import { describeModel } from './kernels.ts';
import { type BenchOptions, measureInterleaved } from './measure.ts';
import { type BenchModel, benchPlan } from './models.ts';
import { type BenchReport, measureKernels } from './report.ts';
import { type ModelSteps, type StepCost, stepWorks, timeEncoding } from './steps.ts';

export interface LoadedBenchOptions {
  /** Small probes and few rounds, without the kernels one by one. */
  readonly quick: boolean;
  readonly signal?: AbortSignal | undefined;
  /** What is measured now, and how far it is. */
  readonly onProgress?: ((what: string, done: number, total: number) => void) | undefined;
}

/** The usual share of the blocks that selective steps recompute tokens in. */
const deepShare = 0.25;

/**
 * The same report of a model that is loaded: its steps run with its own weights and the kernels chosen for it, and are timed.
 * Kernels one by one run on noise, with those of the static table.
 * @throws WebDiTError `numeric` when a probe gave wrong results, `out-of-memory`, `device-lost`; the signal's reason.
 */
export async function benchLoadedModel(
  model: DiTModel,
  name: string,
  { quick, signal, onProgress }: LoadedBenchOptions,
): Promise<BenchReport> {
  const { holder, config, matmulWeights: weights } = requireDiT(model, 'The benchmark of a loaded model');
  const options = (what: string): BenchOptions => ({
    rounds: quick ? 5 : 9,
    minMs: quick ? 5 : 20,
    signal,
    onProgress: (done, total) => onProgress?.(what, done, total),
  });
  holder.clearErrors();
  const steps = await measureLoadedSteps(model, { name, config }, options('steps'), quick ? 20 : 100);
  const ceilings = await measureCeilings(holder, { ...options('ceilings'), quick });
  const loaded: BenchModel = { name, config };
  const kernels = quick
    ? []
    : [
        {
          model: describeModel(loaded),
          rates: await measureKernels(holder, loaded, weights, ceilings, options('kernels')),
        },
      ];
  return { weights, ceilings, kernels, steps: [steps] };
}

async function measureLoadedSteps(
  model: DiTModel,
  { name, config }: BenchModel,
  options: BenchOptions,
  samples: number,
): Promise<ModelSteps> {
  const { holder, matmulWeights: weights } = model;
  const { depth } = config;
  const selects = tokenCount(config) <= maxSelectTokens;
  const deepLayers = selects ? Math.max(1, Math.round(deepShare * depth)) : 0;
  const works = stepWorks(config, weights, deepLayers);
  const kinds = [
    ['full', works.full],
    ['full, storing', works.full],
    ['reuse', works.reuse],
    ...(selects ? [['selective', works.selective] as const] : []),
  ] as const;
  const work: Parameters<typeof model.withSteps<ModelSteps>>[1] = async (graph, programs) => {
    const { stepGroup } = graph;
    const cases = kinds.map(([kind, { flops, bytes }], i) => {
      return { name: kind, program: [...(programs[i] ?? []), ...graph.sampler], stepGroup, flops, bytes };
    });
    const results = await measureInterleaved(holder, cases, options);
    const steps: StepCost[] = [];
    for (const [i, [kind, { flops, bytes }]] of kinds.entries()) {
      const program = cases[i]?.program ?? [];
      const times = await timeEncoding(graph, holder, program, samples);
      options.signal?.throwIfAborted();
      const ms = (results[i]?.seconds ?? Number.NaN) * 1000;
      steps.push({ kind, dispatches: program.length, ms, ...times, gflop: flops / 1e9, megabytes: bytes / 1e6 });
    }
    const [block] = graph.blocks;
    const dispatchesPerBlock = block ? wholeProgram(block).length : 0;
    return { model: name, depth, dispatchesPerBlock, steps };
  };
  return model.withSteps(benchPlan(config, deepLayers), work, options.signal);
}
