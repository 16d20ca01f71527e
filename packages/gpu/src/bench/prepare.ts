import { type DiTConfig, ditTensorShapes, latentPlane } from '@webdit/core';
import type { MatmulWeights } from '@webdit/shaders';
import { DiTGraph } from '../dit/graph.ts';
import { StepPrograms } from '../dit/programs.ts';
import { schedulePlan, uploadSchedule } from '../dit/run.ts';
import { DiTWeights, type WeightDType } from '../dit/weights.ts';
import { noiseFiller } from '../noise.ts';
import type { Dispatch } from '../program.ts';
import { staticChoice } from '../tiling.ts';
import { benchPlan } from './models.ts';
import type { BenchScope } from './scope.ts';

export interface PreparedModel {
  readonly graph: DiTGraph;
  /** Everything between the modulation table and the sampler's update, by kind of step. */
  readonly programs: Readonly<Record<'full' | 'storing' | 'reuse' | 'selective', readonly Dispatch[]>>;
}

/** The weights a model loads so that its matmuls find these. */
const dtypes: Readonly<Record<MatmulWeights, WeightDType>> = {
  f32: 'f32',
  'packed-f16': 'f16',
  f16: 'f16',
  int8: 'int8',
};

/**
 * A model's graph as a run of 50 steps has it, on noise. Compile with `bench.ready()` next.
 *
 * @param modulationRows rows of the modulation table, where they are not the run's: a model cut short has those of the whole.
 */
export function prepareModel(
  bench: BenchScope,
  config: DiTConfig,
  weights: MatmulWeights,
  modulationRows?: number,
): PreparedModel {
  const { scope, pipelines, holder } = bench;
  const plan = benchPlan(config);
  const schedule = schedulePlan(plan, config, holder.maxStorageBufferBindingSize);
  const shape = { ...schedule.shape, modulationRows: modulationRows ?? schedule.shape.modulationRows };
  const noise = new DiTWeights(
    config,
    { dtype: dtypes[weights], math: weights === 'f16' ? 'f16' : 'f32' },
    scope,
    pipelines,
  );
  const graph = new DiTGraph(config, shape, noise, pipelines, staticChoice(holder, weights), scope);
  const steps = new StepPrograms(graph, plan, scope);
  const [full, storing, reuse, selective] = plan.steps.slice(0, 4).map((step) => steps.compile(step));
  if (!full || !storing || !reuse || !selective) throw new RangeError('The plan begins with one step of each kind');

  const fill = noiseFiller(holder.device.queue);
  for (const { name, shape } of ditTensorShapes(config)) {
    const width = shape.slice(1).reduce((a, b) => a * b, 1);
    for (const { buffer, rows } of noise.parts(name)) fill(buffer, buffer.size === rows * width * 2 ? 'f16' : 'f32');
  }
  for (const buffer of [graph.hidden, graph.ops.table.buffer, ...Object.values(graph.work)]) fill(buffer);
  uploadSchedule(graph, schedule, { samples: new Float32Array(config.inChannels * latentPlane(config)).fill(0.5) });
  return { graph, programs: { full, storing, reuse, selective } };
}
