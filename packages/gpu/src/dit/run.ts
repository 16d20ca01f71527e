import { type DiTConfig, featureDepth, noiseRows, type RunPlan, runsModel, timestepEmbedding } from '@webdit/core';
import { idleStep, type StepValues, writeStep } from '@webdit/shaders';
import { uniformSlotBytes } from '../pipelines.ts';
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

function chunkSteps(config: DiTConfig, batch: number, steps: number, bindingLimit: number): number {
  const perStep = batch * modulationRowElements(config) * 4;
  const budget = Math.min(modulationBytes, bindingLimit);
  return Math.min(steps, Math.max(1, Math.floor(budget / perStep)));
}

/**
 * Lays a RunPlan out for the GPU: chunks of the modulation table, condition rows, step slots. Steps that do not run the model have
 * no timestep and no rows.
 */
export function schedulePlan(plan: RunPlan, config: DiTConfig, bindingLimit: number): Schedule {
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
    },
    timesteps: modelled.map((step) => step.timestep),
    conditions: modelled.flatMap((_, row) => plan.labels.map((label) => [row, label] as const)),
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

/** One forward of independent rows, each with its own sample, timestep and label. */
export function scheduleForward(timesteps: readonly number[], labels: readonly number[]): Schedule {
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
    },
    timesteps,
    conditions: labels.map((label, row) => [row, label] as const),
    steps: [{ startsChunk: true, values: idleStep }],
  };
}

/**
 * Uploads everything a run needs before its first step. `samples` is `[samples, channels, size, size]`, `noise` the same with the
 * graph's `noiseRows`.
 */
export function uploadSchedule(
  graph: DiTGraph,
  schedule: Schedule,
  config: DiTConfig,
  samples: Float32Array,
  noise: Float32Array = new Float32Array(),
): void {
  const { queue } = graph.pipelines.device;
  const sinusoids = timestepEmbedding(schedule.timesteps, config.frequencyEmbeddingSize, config.timestepDivisor);
  const table = new DataView(new ArrayBuffer(schedule.steps.length * uniformSlotBytes));
  schedule.steps.forEach(({ values }, n) => {
    writeStep(table, n * uniformSlotBytes, values);
  });
  queue.writeBuffer(graph.latents, 0, samples as Float32Array<ArrayBuffer>);
  queue.writeBuffer(graph.noise, 0, noise as Float32Array<ArrayBuffer>);
  queue.writeBuffer(graph.sinusoids, 0, sinusoids as Float32Array<ArrayBuffer>);
  queue.writeBuffer(graph.conditions, 0, Uint32Array.from(schedule.conditions.flat()));
  queue.writeBuffer(graph.stepTable, 0, table.buffer);
}
