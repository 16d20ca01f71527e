import { type DiTConfig, noiseRows, type RunPlan, type TensorSink, WebDiTError } from '@webdit/core';
import type { MatmulWeights } from '@webdit/shaders';
import { Allocator, BufferScope } from '../allocator.ts';
import type { DeviceHolder } from '../device.ts';
import { PipelineCache } from '../pipelines.ts';
import type { Dispatch } from '../program.ts';
import { readFloats } from '../readback.ts';
import { measuredDispatchCostLimit, Slicer } from '../slicer.ts';
import { type KernelChoice, staticChoice } from '../tiling.ts';
import { PassTimer } from '../timer.ts';
import type { CheckKernelsOptions, KernelCheck } from '../tuner/check-kernels.ts';
import type { TuningOptions } from '../tuner/choose.ts';
import { ModelKernels } from '../tuner/model-kernels.ts';
import type { TuningInfo } from '../tuner/tune.ts';
import { DiTGraph, type GraphShape, wholeProgram } from './graph.ts';
import { checkConfig, wrongLength } from './limits.ts';
import { denoise, type RunOptions, type RunResult } from './loop.ts';
import { StepPrograms } from './programs.ts';
import { scheduleForward, schedulePlan, uploadSchedule } from './run.ts';
import { compileEveryKind, everyKindOfStep, requestConditioning } from './warm-up.ts';
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
   * Tunes the kernels if it was asked for, and compiles every pipeline a run of any policy uses.
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
      compileEveryKind(graph, plan, scope);
      await this.#pipelines.compile(onPipeline, signal);
    } finally {
      scope.destroy();
    }
  }

  /**
   * Runs a plan from `initLatents` `[channels, size, size]`, with `options.noise` where its steps take some. One run at a time.
   * @throws WebDiTError `shape-mismatch`, `device-lost`, `out-of-memory`; the signal's reason on abort.
   */
  async run(plan: RunPlan, initLatents: Float32Array, options: RunOptions = {}): Promise<RunResult> {
    const { config, holder } = this;
    const elements = config.inChannels * config.inputSize ** 2;
    if (initLatents.length !== elements) throw wrongLength('latents', initLatents.length, elements);
    const drawn = noiseRows(plan.steps) * elements;
    if ((options.noise?.length ?? 0) !== drawn) throw wrongLength('rows of noise', options.noise?.length ?? 0, drawn);
    return this.#exclusive(async () => {
      const schedule = schedulePlan(plan, config, holder.maxStorageBufferBindingSize);
      const { shape } = schedule;
      const graph = await this.#prepare(options.onInspect ? { ...shape, features: 1 } : shape);
      // the graph of an earlier run is gone by now, and is not this run's memory
      this.#allocator.resetPeak();
      const scope = new BufferScope(this.#allocator);
      try {
        const result = await denoise({ graph, schedule, plan, init: initLatents, scope, timer: this.#timer }, options);
        this.#kernels = result.kernels;
        return result;
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
      const blocks = graph.blocks.flatMap(wholeProgram);
      for (const part of [
        graph.timeEmbedding,
        graph.modulation,
        graph.embed,
        blocks,
        wholeProgram(graph.final.blocks),
      ]) {
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
