import type { RunPlan, TransformerConfig } from '@webdit/core';
import { Allocator, BufferScope } from '../allocator.ts';
import { DiTGraph } from '../dit/graph.ts';
import { checkConfig } from '../dit/limits.ts';
import { StepPrograms } from '../dit/programs.ts';
import { schedulePlan } from '../dit/run.ts';
import { compileEveryKind, everyKindOfStep, usualCaption } from '../dit/warm-up.ts';
import { DiTWeights, type WeightDType } from '../dit/weights.ts';
import { PipelineCache } from '../pipelines.ts';
import { createReadable } from '../readback.ts';
import { staticChoice } from '../tiling.ts';
import { PassTimer } from '../timer.ts';
import { countingDevice, type DeviceGrants } from './counting-device.ts';

/** Bytes of GPU memory that a run takes besides the weights. */
export interface RunMemory {
  /** What its steps work in, whatever the cache policy. */
  readonly activations: number;
  /** What its cache policy keeps from step to step. */
  readonly cache: number;
}

/**
 * Bytes of GPU memory that a DiT takes on a device, known without one: the model is built, as `DiTModel` builds it, for a device
 * that only counts. The VAE is not part of it, nor what timing kernels takes for a moment while a model loads.
 */
export class MemoryCount {
  /** Held as long as the model is loaded. */
  readonly weights: number;
  /** Most at once while it loads. */
  readonly loading: number;
  readonly #allocator: Allocator;
  readonly #pipelines: PipelineCache;
  readonly #weights: DiTWeights;

  /** @throws WebDiTError `unsupported-config`; `out-of-memory` naming the buffer that is larger than the device allows. */
  constructor(
    readonly config: TransformerConfig,
    dtype: WeightDType,
    readonly grants: DeviceGrants,
  ) {
    checkConfig(config);
    const holder = countingDevice(grants);
    this.#allocator = new Allocator(holder);
    this.#pipelines = PipelineCache.of(holder);
    const scope = new BufferScope(this.#allocator);
    this.#weights = new DiTWeights(config, { dtype, math: 'f32' }, scope, this.#pipelines);
    this.#weights.freeStaging();
    this.weights = this.#allocator.bytes.current;
    PassTimer.create(holder, scope);
    const plan = everyKindOfStep(config);
    this.#counted(plan, (graph, working) => compileEveryKind(graph, plan, working));
    this.loading = this.#allocator.bytes.peak;
  }

  /** Of one run. @throws WebDiTError `out-of-memory` as the constructor does. */
  run(plan: RunPlan): RunMemory {
    return this.#counted(plan, (graph, scope) => {
      const { bytes } = this.#allocator;
      const programs = new StepPrograms(graph, plan, scope);
      const kept = this.#allocator.bytes.current - bytes.current;
      const cache = graph.caches.reduce((sum, features) => sum + features.byteLength, kept);
      programs.compileAll(plan.steps);
      createReadable(scope, graph.latents, graph.latents.size / 4);
      return { cache, activations: this.#allocator.bytes.current - this.weights - cache };
    });
  }

  #counted<T>(
    plan: RunPlan,
    work: (graph: DiTGraph, scope: BufferScope) => T,
    captionTokens = usualCaption(this.config),
  ): T {
    const { config, grants } = this;
    const scope = new BufferScope(this.#allocator);
    try {
      const { shape } = schedulePlan(plan, config, grants.maxStorageBufferBindingSize, captionTokens);
      const choice = staticChoice(this.#allocator.holder, this.#weights.kernelWeights('blocks.0.attn.qkv'));
      const graph = new DiTGraph(config, shape, this.#weights, this.#pipelines, choice, scope);
      return work(graph, scope);
    } finally {
      scope.destroy();
    }
  }
}
