import {
  featureDepth,
  latentGrid,
  latentScale,
  noiseRows,
  type RunPlan,
  runsModel,
  type TransformerConfig,
  timestepEmbedding,
} from '@webdit/core';
import { idleStep, type StepValues, writeStep } from '@webdit/shaders';
import { uniformSlotBytes } from '../pipelines.ts';
import type { Dispatch } from '../program.ts';
import type { PackedCaptions, TextConditions } from './caption.ts';
import { type DiTGraph, type GraphShape, modulationRowElements } from './graph.ts';

/** Memory one modulation table may take; longer runs recompute it at chunk borders. */
const modulationBytes = 64 * 2 ** 20;

/** What one (timestep, labels) step of a run feeds the graph. */
export interface ScheduledStep {
  readonly values: StepValues;
  /** True where the modulation table must be recomputed before this step. */
  readonly startsChunk: boolean;
}

export interface Schedule {
  readonly shape: GraphShape;
  readonly timesteps: readonly number[];
  /** (row of `timesteps`, label) per condition. */
  readonly conditions: readonly (readonly [timestepRow: number, label: number])[];
  readonly steps: readonly ScheduledStep[];
}

function chunkSteps(config: TransformerConfig, batch: number, steps: number, bindingLimit: number): number {
  const perStep = batch * modulationRowElements(config) * 4;
  // Behind the table lies a vector of ones.
  const budget = Math.min(modulationBytes, bindingLimit) - config.hiddenSize * 4;
  return Math.min(steps, Math.max(1, Math.floor(budget / perStep)));
}

/**
 * Lays a RunPlan out for the GPU: chunks of the modulation table, condition rows, step slots. Steps that do not run the model have
 * no timestep and no rows.
 */
export function schedulePlan(
  plan: RunPlan,
  config: TransformerConfig,
  bindingLimit: number,
  captionTokens = 0,
): Schedule {
  const batch = plan.labels.length;
  const modelled = plan.steps.filter(runsModel);
  const chunk = chunkSteps(config, batch, modelled.length, bindingLimit);
  let row = -1;
  return {
    shape: {
      batch,
      samples: 1,
      timesteps: modelled.length,
      conditions: modelled.length * batch,
      modulationRows: chunk * batch,
      steps: plan.steps.length,
      noiseRows: noiseRows(plan.steps),
      features: featureDepth(plan.steps),
      captionTokens,
    },
    timesteps: modelled.map((step) => step.timestep),
    conditions: modelled.flatMap((_, row) => plan.labels.map((label) => [row, labelOf(config, label)] as const)),
    steps: plan.steps.map((step, n) => {
      const runs = runsModel(step);
      if (runs) row++;
      return {
        startsChunk: runs && row % chunk === 0,
        values: {
          n,
          modulationRow: (row % chunk) * batch,
          conditionRow: row * batch,
          guidanceChannels: plan.guidance.channels,
          guidanceScale: plan.guidance.scale,
          sample: step.sample,
          prediction: step.prediction,
          x0Sample: step.x0Sample,
          x0Prediction: step.x0Prediction,
          history: step.history,
          noise: step.noise,
        },
      };
    }),
  };
}

/** The row of the label table; text models have one row, for all. */
const labelOf = ({ kind }: TransformerConfig, label: number) => (kind === 'dit' ? label : 0);

/** One forward of independent rows, each with its own sample, timestep and label. */
export function scheduleForward(timesteps: readonly number[], labels: readonly number[], captionTokens = 0): Schedule {
  const batch = timesteps.length;
  return {
    shape: {
      batch,
      samples: batch,
      timesteps: batch,
      conditions: batch,
      modulationRows: batch,
      steps: 1,
      noiseRows: 0,
      features: 0,
      captionTokens,
    },
    timesteps,
    conditions: labels.map((label, row) => [row, label] as const),
    steps: [{ startsChunk: true, values: idleStep }],
  };
}

/** What a run reads, beside its schedule. */
export interface RunInputs {
  /** `[samples, channels, height, width]`. */
  readonly samples: Float32Array;
  /** The same, with the graph's `noiseRows`. */
  readonly noise?: Float32Array | undefined;
  readonly captions?: PackedCaptions | undefined;
  readonly resolution?: TextConditions['resolution'] | undefined;
}

/**
 * Uploads everything a run needs before its first step.
 * @returns what has to be computed before it, once: what no step changes.
 */
export function uploadSchedule(graph: DiTGraph, schedule: Schedule, inputs: RunInputs): readonly Dispatch[] {
  const { config } = graph;
  const { queue } = graph.pipelines.device;
  const embed = (values: readonly number[]) =>
    timestepEmbedding(values, config.frequencyEmbeddingSize, config.timestepDivisor) as Float32Array<ArrayBuffer>;
  const table = new DataView(new ArrayBuffer(schedule.steps.length * uniformSlotBytes));
  schedule.steps.forEach(({ values }, n) => {
    writeStep(table, n * uniformSlotBytes, values);
  });
  queue.writeBuffer(graph.latents, 0, inputs.samples as Float32Array<ArrayBuffer>);
  if (inputs.noise) queue.writeBuffer(graph.noise, 0, inputs.noise as Float32Array<ArrayBuffer>);
  queue.writeBuffer(graph.sinusoids, 0, embed(schedule.timesteps));
  queue.writeBuffer(graph.conditions, 0, Uint32Array.from(schedule.conditions.flat()));
  queue.writeBuffer(graph.stepTable, 0, table.buffer);
  const { once, sizes } = graph.conditioning;
  if (sizes) {
    const latent = latentGrid(config);
    const picture = { height: latent.height * latentScale, width: latent.width * latentScale };
    const {
      height,
      width,
      aspectRatio = height / width,
    }: NonNullable<TextConditions['resolution']> = inputs.resolution ?? picture;
    queue.writeBuffer(sizes.resolution, 0, embed([height, width]));
    queue.writeBuffer(sizes.aspectRatio, 0, embed([aspectRatio]));
  }
  return [...once, ...((inputs.captions && graph.caption?.prepare(inputs.captions, queue)) ?? [])];
}
