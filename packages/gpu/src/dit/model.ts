import { type DiTConfig, type RunPlan, type StepKind, type StepPlan, type TensorSink, WebDiTError } from '@webdit/core';
import type { MatmulWeights } from '@webdit/shaders';
import { Allocator, BufferScope } from '../allocator.ts';
import type { DeviceHolder } from '../device.ts';
import { PipelineCache, uniformSlotBytes } from '../pipelines.ts';
import type { Dispatch } from '../program.ts';
import { readFloats } from '../readback.ts';
import { measuredDispatchCostLimit, Slicer } from '../slicer.ts';
import { type KernelChoice, staticChoice } from '../tiling.ts';
import { PassTimer } from '../timer.ts';
import type { CheckKernelsOptions, KernelCheck } from '../tuner/check-kernels.ts';
import type { TuningOptions } from '../tuner/choose.ts';
import { ModelKernels } from '../tuner/model-kernels.ts';
import type { TuningInfo } from '../tuner/tune.ts';
import { DiTGraph, type GraphShape } from './graph.ts';
import { kernelNames } from './kernel-names.ts';
import { checkConfig, wrongLength } from './limits.ts';
import { type PreviewRequest, PreviewTap } from './preview.ts';
import { StepPrograms } from './programs.ts';
import { type Schedule, scheduleForward, schedulePlan, uploadSchedule } from './run.ts';
import { type Trace, type TraceRequest, Tracer } from './trace.ts';
import { everyKindOfStep, requestConditioning } from './warm-up.ts';
import { chooseMath, DiTWeights, type MathDType, type WeightDType } from './weights.ts';

export interface DiTModelOptions {
  readonly weightDType: WeightDType;
  /** What f16 weights are multiplied in, with f32 sums; `auto` (default) is f16 on hardware with `shader-f16`. */
  readonly math?: MathDType | 'auto';
  /** Which kernel variants run; by default the static table of this adapter. */
  readonly choice?: KernelChoice;
  /** Replace what is slower than other variants on this device, once the weights are in; by default nothing is. */
  readonly tuning?: TuningOptions;
}

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
  readonly onStep?: ((event: StepEvent) => void) | undefined;
  /** Costs the loop no wait, and the result is the same to the byte. */
  readonly preview?: PreviewRequest | undefined;
  readonly trace?: TraceRequest | undefined;
}

export interface RunResult {
  /** `[channels, size, size]`. */
  readonly latents: Float32Array;
  readonly steps: readonly StepTiming[];
  /** Times the loop waited for data from the GPU: the final latents, and probes of data-dependent policies. */
  readonly waits: { readonly final: number; readonly probe: number };
  /** Most GPU bytes allocated at once during the run: weights, activations, cache. */
  readonly peakBytes: number;
  readonly trace: Trace;
}

/** A DiT on a GPU: weights, pipelines, and the denoising loop. */
export class DiTModel {
  readonly math: MathDType;
  readonly #allocator: Allocator;
  readonly #scope: BufferScope;
  readonly #pipelines: PipelineCache;
  readonly #weights: DiTWeights;
  readonly #timer: PassTimer | undefined;
  readonly #chosen: ModelKernels;
  #graph: DiTGraph | undefined;
  /** What one dispatch of the graph may cost: it is made anew once this device is known to be faster. */
  #graphLimit = 0;
  #kernels: Record<string, string> = {};
  #busy = false;
  #disposed = false;

  private constructor(
    readonly holder: DeviceHolder,
    readonly config: DiTConfig,
    allocator: Allocator,
    options: DiTModelOptions,
  ) {
    this.#allocator = allocator;
    this.#scope = new BufferScope(this.#allocator);
    this.#pipelines = PipelineCache.of(holder);
    const { weightDType: dtype } = options;
    this.math = chooseMath(options.math ?? 'auto', dtype, holder);
    this.#weights = new DiTWeights(config, { dtype, math: this.math }, this.#scope, this.#pipelines);
    const weights = this.matmulWeights;
    const base = options.choice ?? staticChoice(holder, weights);
    this.#chosen = new ModelKernels(allocator, { config, weights }, base, options.tuning);
    this.#timer = PassTimer.create(holder, this.#scope);
  }

  /**
   * Allocates the weights and compiles what uploading them needs; fill `sink` next, then call `finishLoading`.
   * @throws WebDiTError `unsupported-config` for sizes the kernels cannot run, `out-of-memory`.
   */
  static async create(holder: DeviceHolder, config: DiTConfig, options: DiTModelOptions): Promise<DiTModel> {
    checkConfig(config);
    holder.clearErrors();
    const allocator = new Allocator(holder);
    try {
      const model = new DiTModel(holder, config, allocator, options);
      await allocator.settle();
      await model.#pipelines.compile();
      return model;
    } catch (error) {
      allocator.destroyAll();
      throw error;
    }
  }

  get sink(): TensorSink {
    return this.#weights;
  }

  /** Kernel variants the latest run dispatched, by op; several of one op are joined by ` + `. */
  get kernels(): Record<string, string> {
    return this.#kernels;
  }

  /** What the weights of its blocks are multiplied as. */
  get matmulWeights(): MatmulWeights {
    return this.#weights.kernelWeights('blocks.0.attn.qkv');
  }

  /** Where the choice of kernels came from; known once `finishLoading` is done. */
  get tuning(): TuningInfo {
    return this.#chosen.info;
  }

  /** GPU bytes allocated now and at most since the last run began. */
  get bytes(): { current: number; peak: number } {
    return this.#allocator.bytes;
  }

  /**
   * Tunes the kernels if it was asked for, and compiles every pipeline a run of any static policy uses.
   * @throws WebDiTError `format` when a tensor is missing, `numeric` when no kernel works here; the signal's reason.
   */
  async finishLoading(onPipeline?: (done: number, total: number) => void, signal?: AbortSignal): Promise<void> {
    this.#weights.finish();
    signal?.throwIfAborted();
    // About twice as many pipelines follow.
    const candidates = await this.#chosen.tune((done, total) => onPipeline?.(done, 3 * total), signal);
    await this.#compileAll((done, total) => onPipeline?.(candidates + done, candidates + total), signal);
  }

  /**
   * Checks every kernel variant this model may run, and does from now on without those that fail; with a tuning store, later
   * loads do so too.
   * @throws WebDiTError `numeric` when no variant of an op works, `out-of-memory`, `device-lost`; the signal's reason.
   */
  async checkKernels(hooks: Pick<CheckKernelsOptions, 'signal' | 'onProgress'> = {}): Promise<readonly KernelCheck[]> {
    return this.#exclusive(async () => {
      const checks = await this.#chosen.check(hooks);
      this.#graph?.destroy();
      this.#graph = undefined;
      await this.#compileAll(undefined, hooks.signal);
      return checks;
    });
  }

  async #compileAll(onPipeline?: (done: number, total: number) => void, signal?: AbortSignal): Promise<void> {
    const scope = new BufferScope(this.#allocator);
    try {
      const plan = everyKindOfStep(this.config);
      const graph = await this.#prepare(schedulePlan(plan, this.config, this.holder.maxStorageBufferBindingSize).shape);
      requestConditioning(this.#pipelines, this.#chosen.choice, this.#weights, this.config);
      for (const score of ['attention', 'value-norm'] as const) {
        const programs = new StepPrograms(graph, { ...plan, selection: { ...plan.selection, score } }, scope);
        for (const step of plan.steps) programs.compile(step);
      }
      await this.#pipelines.compile(onPipeline, signal);
    } finally {
      scope.destroy();
    }
  }

  /**
   * Runs a plan from `initLatents` `[channels, size, size]`. One run at a time.
   * @throws WebDiTError `shape-mismatch`, `device-lost`, `out-of-memory`; the signal's reason on abort.
   */
  async run(plan: RunPlan, initLatents: Float32Array, options: RunOptions = {}): Promise<RunResult> {
    const { config, holder } = this;
    const elements = config.inChannels * config.inputSize ** 2;
    if (initLatents.length !== elements) throw wrongLength('latents', initLatents.length, elements);
    return this.#exclusive(async () => {
      const schedule = schedulePlan(plan, config, holder.maxStorageBufferBindingSize);
      const graph = await this.#prepare(schedule.shape);
      // the graph of an earlier run is gone by now, and is not this run's memory
      this.#allocator.resetPeak();
      const scope = new BufferScope(this.#allocator);
      try {
        return await this.#loop(graph, schedule, plan, initLatents, scope, options);
      } finally {
        scope.destroy();
      }
    });
  }

  /**
   * One forward of independent rows: `sample` `[rows, channels, size, size]` -> `[rows, outChannels, size, size]`.
   * @throws WebDiTError `shape-mismatch`.
   */
  async forward(sample: Float32Array, timesteps: readonly number[], labels: readonly number[]): Promise<Float32Array> {
    const { config, holder } = this;
    const plane = config.inputSize ** 2;
    const elements = timesteps.length * config.inChannels * plane;
    if (sample.length !== elements) throw wrongLength('sample', sample.length, elements);
    if (labels.length !== timesteps.length) throw wrongLength('labels', labels.length, timesteps.length);
    return this.#exclusive(async () => {
      const schedule = scheduleForward(timesteps, labels);
      const graph = await this.#prepare(schedule.shape);
      uploadSchedule(graph, schedule, config, sample);
      const slicer = new Slicer(holder, { stepGroup: graph.stepGroup });
      const blocks = graph.blocks.flatMap(({ attention, rest }) => [...attention, ...rest]);
      for (const part of [graph.timeEmbedding, graph.modulation, graph.embed, blocks, graph.final.blocks]) {
        await slicer.add(0, 0, part);
      }
      await slicer.finish();
      return readFloats(holder, this.#scope, graph.prediction, timesteps.length * config.outChannels * plane);
    });
  }

  /**
   * Lends the steps of a plan, compiled and fed with latents of one half, for as long as `work` takes; nothing else runs then.
   * @throws what `work` throws, WebDiTError `out-of-memory`; the signal's reason.
   */
  async withSteps<T>(
    plan: RunPlan,
    work: (graph: DiTGraph, steps: readonly (readonly Dispatch[])[]) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const { config, holder } = this;
    return this.#exclusive(async () => {
      const schedule = schedulePlan(plan, config, holder.maxStorageBufferBindingSize);
      const graph = await this.#prepare(schedule.shape);
      const scope = new BufferScope(this.#allocator);
      try {
        const programs = new StepPrograms(graph, plan, scope);
        const steps = plan.steps.map((step) => programs.compile(step));
        await this.#allocator.settle();
        await this.#pipelines.compile(undefined, signal);
        uploadSchedule(graph, schedule, config, new Float32Array(config.inChannels * config.inputSize ** 2).fill(0.5));
        const slicer = new Slicer(holder, { stepGroup: graph.stepGroup, signal });
        for (const part of [graph.timeEmbedding, graph.modulation]) await slicer.add(0, 0, part);
        await slicer.finish();
        return await work(graph, steps);
      } finally {
        scope.destroy();
      }
    });
  }

  /** Frees all GPU memory of the model. The device stays open. */
  dispose(): void {
    this.#disposed = true;
    this.#timer?.destroy();
    this.#allocator.destroyAll();
  }

  async #loop(
    graph: DiTGraph,
    schedule: Schedule,
    plan: RunPlan,
    initLatents: Float32Array,
    scope: BufferScope,
    { signal, onStep, preview, trace }: RunOptions,
  ): Promise<RunResult> {
    const { config, holder } = this;
    const programs = new StepPrograms(graph, plan, scope);
    const prepared = plan.steps.map((step) => programs.compile(step));
    this.#kernels = kernelNames([graph.timeEmbedding, graph.modulation, ...prepared, graph.sampler]);
    const tracer = new Tracer(graph, plan, programs, scope, trace ?? {});
    const tap = preview && new PreviewTap(graph, plan, preview, signal, scope);
    await this.#allocator.settle();
    await this.#pipelines.compile(undefined, signal);
    uploadSchedule(graph, schedule, config, initLatents);
    this.#timer?.reset();

    const timings: StepTiming[] = [];
    const slicer = new Slicer(holder, {
      stepGroup: graph.stepGroup,
      signal,
      timer: this.#timer,
      onStepDone: (n, ms) => {
        const { kind, flops } = plan.steps[n] as StepPlan;
        const event: StepEvent = { n, steps: plan.steps.length, kind, ms, flops };
        timings.push(event);
        if (!signal?.aborted) onStep?.(event);
      },
    });
    await slicer.add(0, 0, graph.timeEmbedding);
    for (const [n, { startsChunk }] of schedule.steps.entries()) {
      const slot = n * uniformSlotBytes;
      if (startsChunk) await slicer.add(n, slot, graph.modulation);
      await slicer.add(n, slot, prepared[n] as readonly Dispatch[]);
      await slicer.add(n, slot, graph.sampler);
      tracer.afterStep(n, slicer);
      tap?.afterStep(n, slicer);
      await slicer.endStep(n);
    }
    await slicer.finish();

    const latents = await readFloats(holder, scope, graph.latents, initLatents.length);
    // Its copy came before that of the result, so only its callback may still be due.
    await tap?.settle();
    const gpuTimes = (await this.#timer?.read()) ?? new Map<number, number>();
    return {
      latents,
      steps: timings.map((step) => {
        const gpuMs = gpuTimes.get(step.n);
        return gpuMs === undefined ? step : { ...step, gpuMs };
      }),
      waits: { final: 1, probe: 0 },
      peakBytes: this.bytes.peak,
      trace: await tracer.read(),
    };
  }

  /** The graph of this shape: the one at hand, or a new one in its place. */
  async #prepare(shape: GraphShape): Promise<DiTGraph> {
    const limit = measuredDispatchCostLimit(this.holder);
    const known = this.#graph;
    if (known && limit === this.#graphLimit && JSON.stringify(known.shape) === JSON.stringify(shape)) return known;
    this.#graph?.destroy();
    this.#graph = undefined;
    const scope = new BufferScope(this.#allocator);
    try {
      const graph = new DiTGraph(this.config, shape, this.#weights, this.#pipelines, this.#chosen.choice, scope);
      await this.#allocator.settle();
      this.#graph = graph;
      this.#graphLimit = limit;
      return graph;
    } catch (error) {
      scope.destroy();
      throw error;
    }
  }

  async #exclusive<T>(work: () => Promise<T>): Promise<T> {
    if (this.#disposed) {
      throw new WebDiTError('bad-argument', 'The model has been disposed.', 'Load it again before you generate.');
    }
    if (this.#busy) {
      throw new WebDiTError('bad-argument', 'The model is running already.', 'Wait for the run to end, or abort it.');
    }
    this.#busy = true;
    try {
      this.holder.clearErrors();
      this.holder.check();
      return await work();
    } finally {
      this.#busy = false;
    }
  }
}
