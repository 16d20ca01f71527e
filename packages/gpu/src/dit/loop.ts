import { type Gate, type LatentGrid, type RunPlan, type StepKind, type StepPlan, startDeciding } from '@webdit/core';
import type { BufferScope } from '../allocator.ts';
import { uniformSlotBytes } from '../pipelines.ts';
import { readFloats } from '../readback.ts';
import { Slicer } from '../slicer.ts';
import type { PassTimer } from '../timer.ts';
import type { TextConditions } from './caption.ts';
import type { DiTGraph } from './graph.ts';
import { type InspectedStep, StepInspector } from './inspect.ts';
import { kernelNames } from './kernel-names.ts';
import { type PreviewRequest, PreviewTap } from './preview.ts';
import type { ProbeBuffers, ProbedStep } from './probe.ts';
import { StepPrograms } from './programs.ts';
import { type RunInputs, type Schedule, uploadSchedule } from './run.ts';
import { type Trace, type TraceRequest, Tracer } from './trace.ts';

export interface StepEvent {
  /** Step index in denoising order, from 0. */
  readonly n: number;
  readonly steps: number;
  readonly kind: StepKind;
  /** Wall-clock milliseconds; the GPU reports whole submits, so short steps of one submit share its time by their work. */
  readonly ms: number;
  /** Executed FLOPs. */
  readonly flops: number;
}

export interface StepTiming extends StepEvent {
  /** GPU time in milliseconds, where the adapter has timestamps. */
  readonly gpuMs?: number;
}

export interface RunOptions {
  readonly signal?: AbortSignal | undefined;
  /** Holds the run up between slices while it is closed. */
  readonly gate?: Gate | undefined;
  readonly onStep?: ((event: StepEvent) => void) | undefined;
  /** Costs the loop no wait, and the result is the same to the byte. */
  readonly preview?: PreviewRequest | undefined;
  readonly trace?: TraceRequest | undefined;
  /** `[noiseRows(plan.steps), channels, height, width]`, for a plan whose steps take noise: `drawNoise`. */
  readonly noise?: Float32Array | undefined;
  /** Of text models, which need it. */
  readonly text?: TextConditions | undefined;
  /** Latent size, for models that make several; by default the config's. */
  readonly size?: LatentGrid | undefined;
  /** Reads what each step of an uncached plan computes, and makes the loop wait for it. */
  readonly onInspect?: ((step: InspectedStep) => void) | undefined;
}

export interface RunResult {
  /** `[channels, height, width]`. */
  readonly latents: Float32Array;
  readonly steps: readonly StepTiming[];
  /** Times the loop waited for data from the GPU: the final latents, and probes of data-dependent policies. */
  readonly waits: { readonly final: number; readonly probe: number };
  /** Most GPU bytes allocated at once during the run: weights, activations, cache. */
  readonly peakBytes: number;
  readonly trace: Trace;
}

/** A run, prepared. */
interface Prepared {
  readonly graph: DiTGraph;
  readonly schedule: Schedule;
  readonly plan: RunPlan;
  readonly inputs: RunInputs;
  readonly scope: BufferScope;
  readonly timer: PassTimer | undefined;
}

/** The denoising loop. @throws as `DiTModel.run`. */
export async function denoise(
  { graph, schedule, plan, inputs, scope, timer }: Prepared,
  { signal, gate, onStep, preview, trace, onInspect }: RunOptions,
): Promise<RunResult & { readonly kernels: Record<string, string> }> {
  const { pipelines } = graph;
  const { allocator } = scope;
  const { holder } = allocator;
  const programs = new StepPrograms(graph, plan, scope);
  const prepared = programs.compileAll(plan.steps);
  const tracer = new Tracer(graph, plan, programs, scope, trace ?? {});
  const inspector = onInspect && new StepInspector(graph, scope, onInspect);
  const tap = preview && new PreviewTap(graph, preview, signal, scope);
  await allocator.settle();
  await pipelines.compile(undefined, signal);
  const prelude = uploadSchedule(graph, schedule, inputs);
  timer?.reset();

  const timings: StepTiming[] = [];
  const decider = plan.decision && startDeciding(plan.decision);
  /** Steps that a probe had skipped. */
  const skipped = new Set<number>();
  let probes = 0;
  const slicer = new Slicer(holder, {
    stepGroup: graph.stepGroup,
    signal,
    gate,
    timer,
    onStepDone: (n, ms) => {
      const { kind, flops, skipFlops = 0 } = plan.steps[n] as StepPlan;
      const done = skipped.has(n) ? { kind: 'skip' as const, flops: skipFlops } : { kind, flops };
      const event: StepEvent = { n, steps: plan.steps.length, ms, ...done };
      timings.push(event);
      if (!signal?.aborted) onStep?.(event);
    },
  });
  /** Runs what a step measures, waits for the scalar, and goes on with what is decided. */
  const probed = async (n: number, slot: number, { probe, prefix, computed, skipped: rest }: ProbedStep) => {
    await slicer.add(n, slot, prefix);
    const buffers = programs.probe as ProbeBuffers;
    let skip = false;
    if (probe.asks && decider) {
      buffers.copy(slicer);
      await slicer.flush();
      const change = await buffers.read();
      signal?.throwIfAborted();
      probes++;
      skip = decider.decide(change);
    } else decider?.computed();
    if (skip) skipped.add(n);
    await slicer.add(n, slot, skip ? rest : computed);
  };
  await slicer.add(0, 0, prelude);
  for (const [n, { startsChunk }] of schedule.steps.entries()) {
    const slot = n * uniformSlotBytes;
    if (startsChunk) await slicer.add(n, slot, graph.conditioning.modulation);
    const step = prepared[n] as (typeof prepared)[number];
    if ('probe' in step) await probed(n, slot, step);
    else await slicer.add(n, slot, step);
    await inspector?.afterBlocks(n, slicer);
    await slicer.add(n, slot, graph.sampler);
    tracer.afterStep(n, slicer);
    tap?.afterStep(n, slicer);
    await slicer.endStep(n);
  }
  await slicer.finish();
  graph.caption?.finished();

  const latents = await readFloats(holder, scope, graph.latents, inputs.samples.length);
  // Its copy came before that of the result, so only its callback may still be due.
  await tap?.settle();
  const gpuTimes = (await timer?.read()) ?? new Map<number, number>();
  const dispatched = prepared.map((step) =>
    'probe' in step ? [...step.prefix, ...step.computed, ...step.skipped] : step,
  );
  return {
    latents,
    steps: timings.map((step) => {
      const gpuMs = gpuTimes.get(step.n);
      return gpuMs === undefined ? step : { ...step, gpuMs };
    }),
    waits: { final: 1, probe: probes },
    peakBytes: allocator.bytes.peak,
    trace: await tracer.read(),
    kernels: kernelNames([prelude, graph.conditioning.modulation, ...dispatched, graph.sampler]),
  };
}
