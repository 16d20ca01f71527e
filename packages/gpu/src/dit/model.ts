import {
  atSize,
  type LatentGrid,
  latentGrid,
  latentPlane,
  noiseRows,
  type RunPlan,
  type TensorSink,
  type TransformerConfig,
  WebDiTError,
} from '@webdit/core';
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
import { packText, type TextConditions } from './caption.ts';
import { DiTGraph, type GraphShape, wholeProgram } from './graph.ts';
import { checkConfig, checkNoise, wrongLength } from './limits.ts';
import { denoise, type RunOptions, type RunResult } from './loop.ts';
import { StepPrograms } from './programs.ts';
import { scheduleForward, schedulePlan, uploadSchedule } from './run.ts';
import { compileEveryKind, everyKindOfStep, requestConditioning, usualCaption } from './warm-up.ts';
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
    readonly config: TransformerConfig,
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
  static async create(holder: DeviceHolder, config: TransformerConfig, options: DiTModelOptions): Promise<DiTModel> {
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
      const { shape } = schedulePlan(
        plan,
        this.config,
        this.holder.maxStorageBufferBindingSize,
        usualCaption(this.config),
      );
      const graph = await this.#prepare(shape);
      requestConditioning(this.#pipelines, this.#chosen.choice, this.#weights, this.config);
      compileEveryKind(graph, plan, scope);
      await this.#pipelines.compile(onPipeline, signal);
    } finally {
      scope.destroy();
    }
  }

  /**
   * Runs a plan from `initLatents` `[channels, height, width]`, with `options.noise` where its steps take some. One run at a time.
   * @throws WebDiTError `shape-mismatch`, `device-lost`, `out-of-memory`; the signal's reason on abort.
   */
  async run(plan: RunPlan, initLatents: Float32Array, options: RunOptions = {}): Promise<RunResult> {
    const { size, text } = options;
    const config = this.#at(size);
    const elements = config.inChannels * latentPlane(config);
    if (initLatents.length !== elements) throw wrongLength('latents', initLatents.length, elements);
    checkNoise(noiseRows(plan.steps), elements, options.noise, this.holder.maxStorageBufferBindingSize);
    const captions = packText(config, plan.labels.length, text);
    return this.#exclusive(async () => {
      const schedule = schedulePlan(plan, config, this.holder.maxStorageBufferBindingSize, captions?.keys);
      const { shape } = schedule;
      const graph = await this.#prepare(options.onInspect ? { ...shape, features: 1 } : shape, config);
      const inputs = { samples: initLatents, noise: options.noise, captions, resolution: text?.resolution };
      // the graph of an earlier run is gone by now, and is not this run's memory
      this.#allocator.resetPeak();
      const scope = new BufferScope(this.#allocator);
      try {
        const result = await denoise({ graph, schedule, plan, inputs, scope, timer: this.#timer }, options);
        this.#kernels = result.kernels;
        return result;
      } finally {
        scope.destroy();
      }
    });
  }

  /**
   * One forward of independent rows: `sample` `[rows, channels, height, width]` -> `[rows, outChannels, height, width]`.
   * @param conditions a DiT's labels, or what a text model reads: one of each row.
   * @throws WebDiTError `shape-mismatch`, `bad-argument`.
   */
  async forward(
    sample: Float32Array,
    timesteps: readonly number[],
    conditions: readonly number[] | TextConditions,
    size?: LatentGrid,
  ): Promise<Float32Array> {
    const text = 'captions' in conditions ? conditions : undefined;
    const labels = 'captions' in conditions ? timesteps.map(() => 0) : conditions;
    const config = this.#at(size);
    const plane = latentPlane(config);
    const rows = timesteps.length;
    const elements = rows * config.inChannels * plane;
    if (sample.length !== elements) throw wrongLength('sample', sample.length, elements);
    if (labels.length !== rows) throw wrongLength('labels', labels.length, rows);
    const captions = packText(config, rows, text);
    return this.#exclusive(async () => {
      const schedule = scheduleForward(timesteps, labels, captions?.keys);
      const graph = await this.#prepare(schedule.shape, config);
      const prelude = uploadSchedule(graph, schedule, { samples: sample, captions, resolution: text?.resolution });
      const slicer = new Slicer(this.holder, { stepGroup: graph.stepGroup });
      const blocks = graph.blocks.flatMap(wholeProgram);
      const parts = [prelude, graph.conditioning.modulation, graph.embed, blocks, wholeProgram(graph.final.blocks)];
      for (const part of parts) await slicer.add(0, 0, part);
      await slicer.finish();
      return readFloats(this.holder, this.#scope, graph.prediction, rows * config.outChannels * plane);
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
      const schedule = schedulePlan(plan, config, holder.maxStorageBufferBindingSize, usualCaption(config));
      const graph = await this.#prepare(schedule.shape);
      const scope = new BufferScope(this.#allocator);
      try {
        const programs = new StepPrograms(graph, plan, scope);
        const steps = plan.steps.map((step) => programs.compile(step));
        await this.#allocator.settle();
        await this.#pipelines.compile(undefined, signal);
        const samples = new Float32Array(config.inChannels * latentPlane(config)).fill(0.5);
        const prelude = uploadSchedule(graph, schedule, { samples });
        const slicer = new Slicer(holder, { stepGroup: graph.stepGroup, signal });
        for (const part of [prelude, graph.conditioning.modulation]) await slicer.add(0, 0, part);
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

  /** The config for latents of a size. */
  #at(size: LatentGrid | undefined): TransformerConfig {
    return size ? atSize(this.config, size) : this.config;
  }

  /** The graph of this shape and latent size: the one at hand, or a new one in its place. */
  async #prepare(shape: GraphShape, config = this.config): Promise<DiTGraph> {
    const limit = measuredDispatchCostLimit(this.holder);
    const known = this.#graph;
    const key = (graph: Pick<DiTGraph, 'shape' | 'config'>) => JSON.stringify([graph.shape, latentGrid(graph.config)]);
    if (known && limit === this.#graphLimit && key(known) === key({ shape, config })) return known;
    this.#graph?.destroy();
    this.#graph = undefined;
    const scope = new BufferScope(this.#allocator);
    try {
      const graph = new DiTGraph(config, shape, this.#weights, this.#pipelines, this.#chosen.choice, scope);
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
