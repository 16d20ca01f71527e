import {
  type DiTConfig,
  type RunPlan,
  type SamplerState,
  timestepEmbedding,
  updateLatents,
  WebDiTError,
} from '@webdit/core';
import { encodeModel } from '@webdit/weights/onnx';
import type { InferenceSession } from 'onnxruntime-web';
import { nextTask } from '../abortable.ts';
import type { FillableModel } from '../fill-model.ts';
import { createSession, loadOnnxRuntime, type OnnxRuntime, wasmError } from '../onnx-runtime.ts';
import type { PlanRunner } from '../pictures.ts';
import type { MeasuredRun } from '../report.ts';
import type { WasmPaths } from '../types.ts';
import { CpuWeights } from './cpu-weights.ts';
import { ditGraph, onesName } from './dit-graph.ts';

/** A DiT in onnxruntime-web's wasm, f32, on the processor: every step in full, the sampler in f64. */
export class CpuModel implements PlanRunner, FillableModel {
  readonly math = 'f32';
  readonly kernels = { transformer: 'onnxruntime-web wasm' };
  readonly tuning = { source: 'static', ms: 0, excluded: [] } as const;
  /** Of the GPU's. */
  readonly bytes = { current: 0 };
  private weights: CpuWeights | null;
  private session: InferenceSession | null = null;

  private constructor(
    private readonly config: DiTConfig,
    private readonly runtime: OnnxRuntime,
  ) {
    this.weights = new CpuWeights(config);
  }

  /**
   * Loads the runtime; fill `sink` next, then call `finishLoading`.
   * @throws WebDiTError `out-of-memory`, `network` without the runtime.
   */
  static async create(config: DiTConfig, wasmPaths: WasmPaths | null): Promise<CpuModel> {
    return new CpuModel(config, await loadOnnxRuntime('wasm', wasmPaths));
  }

  get sink(): CpuWeights {
    if (!this.weights) throw new RangeError('The weights are in the session already.');
    return this.weights;
  }

  /** Threads a forward runs on; known once a session has been made. */
  get threads(): number {
    return this.runtime.env.wasm.numThreads ?? 1;
  }

  /**
   * Hands the weights to onnxruntime, which keeps a copy, and lets go of them.
   * @throws WebDiTError `format` when a tensor is missing or the session cannot be made, `out-of-memory`; the signal's reason.
   */
  async finishLoading(_onPipeline: unknown, signal: AbortSignal): Promise<void> {
    const { sink, config } = this;
    sink.finish();
    const tensors = new Map(sink.tensors).set(onesName, new Float32Array(config.hiddenSize).fill(1));
    const files = [...tensors].map(([path, { buffer }]) => ({ path, data: new Uint8Array(buffer) }));
    const graph = encodeModel(ditGraph(config));
    const options = { executionProviders: ['wasm'], externalData: files };
    this.session = await createSession(this.runtime, graph, options, signal).catch((error) => {
      signal.throwIfAborted();
      throw runtimeError('load the transformer', error);
    });
    this.weights = null;
  }

  /** @throws WebDiTError `bad-argument` for a plan that caches, `format` or `out-of-memory` when a forward fails. */
  async run(
    plan: RunPlan,
    init: Float32Array,
    { signal, gate, onStep, preview, noise }: Parameters<PlanRunner['run']>[2],
  ) {
    requireUncached(plan);
    const { inChannels: latentChannels, outChannels: modelChannels, inputSize } = this.config;
    const size = { batch: plan.labels.length as 1 | 2, latentChannels, modelChannels, plane: inputSize ** 2 };
    const steps: MeasuredRun['steps'][number][] = [];
    let state: SamplerState = { latents: init, x0: [] };
    for (const step of plan.steps) {
      signal.throwIfAborted();
      await gate?.pass(signal);
      const started = performance.now();
      const prediction = await this.predict(state.latents, step.timestep, plan.labels);
      const drawn = noise?.subarray(step.n * init.length);
      state = updateLatents({ ...state, noise: drawn }, prediction, size, plan.guidance, step);
      const timing = { n: step.n, kind: step.kind, ms: performance.now() - started, flops: step.flops };
      steps.push(timing);
      onStep({ ...timing, steps: plan.steps.length });
      if (preview?.steps.has(step.n)) preview.onPreview(step.n, state.x0);
      await nextTask();
    }
    return { latents: Float32Array.from(state.latents), steps, waits: { final: 0, probe: 0 }, peakBytes: 0 };
  }

  /** Frees the session's memory. */
  async dispose(): Promise<void> {
    const { session } = this;
    this.session = null;
    this.weights = null;
    await session?.release();
  }

  /** One forward of all rows. @returns `[rows, outChannels, size, size]`. */
  private async predict(
    latents: ArrayLike<number>,
    timestep: number,
    labels: readonly number[],
  ): Promise<Float32Array> {
    const { config, runtime, session } = this;
    if (!session) throw new RangeError('The model is not loaded.');
    const { inChannels, inputSize, frequencyEmbeddingSize, timestepDivisor } = config;
    const sinusoid = timestepEmbedding([timestep], frequencyEmbeddingSize, timestepDivisor);
    const inputs = {
      latents: new runtime.Tensor('float32', Float32Array.from(latents), [1, inChannels, inputSize, inputSize]),
      sinusoid: new runtime.Tensor('float32', sinusoid, [1, frequencyEmbeddingSize]),
      labels: new runtime.Tensor('int64', BigInt64Array.from(labels, BigInt), [labels.length]),
    };
    const outputs = await session.run(inputs).catch((error) => {
      throw runtimeError('compute a step', error);
    });
    return outputs[session.outputNames[0] as string]?.data as Float32Array;
  }
}

/** @throws WebDiTError `bad-argument`. */
function requireUncached({ policy, steps }: RunPlan): void {
  if (steps.every(({ kind, predictions, probe }) => kind === 'full' && !predictions && !probe?.asks)) return;
  throw new WebDiTError(
    'bad-argument',
    `The cache policy ${policy} needs WebGPU: device 'wasm' computes every step in full.`,
    "Leave cache out or use cache: 'none', or use a browser with WebGPU.",
  );
}

function runtimeError(what: string, cause: unknown): WebDiTError {
  return wasmError(what, cause, {
    memory: 'Close other tabs, use a smaller model, or use a browser with WebGPU.',
    other: 'Check that its .wasm file is served (option wasmPaths) and that the model folder is complete.',
  });
}
