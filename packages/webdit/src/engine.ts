import {
  checkRunPlan,
  compileRunPlan,
  findClass,
  type Schedule,
  samplerName,
  torchRandn,
  WebDiTError,
} from '@webdit/core';
import { adoptDevice, requestDevice } from '@webdit/gpu';
import type { ModelSource } from '@webdit/weights';
import { type GenerateRequest, seedOf } from './arguments.ts';
import type { EngineDriver, EngineResult, GenerateHooks, PlanInputs } from './driver.ts';
import type { EngineOptions } from './load-request.ts';
import { describe, type EngineParts, loadParts } from './loading.ts';
import { packImage, toRgba } from './pixels.ts';
import { buildReport, type MeasuredRun } from './report.ts';
import { FolderSchedules } from './schedules.ts';
import type { ModelClass, OutputImages, OutputType, PipelineInfo, ProgressEvent } from './types.ts';

export interface LoadHooks {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress: (event: ProgressEvent) => void;
  /** Where this engine runs, for `info`. */
  readonly thread: PipelineInfo['thread'];
  /** The caller's device; the engine then never destroys it. */
  readonly device?: GPUDevice;
  /** Sentences for `info.notes`. */
  readonly notes?: readonly string[];
}

/** One model on one device, on whatever thread it was made. Runs one `generate` at a time; later calls queue. */
export class Engine implements EngineDriver {
  private tail: Promise<unknown> = Promise.resolve();
  private readonly stop = new AbortController();
  private readonly schedules: FolderSchedules;

  private constructor(
    readonly info: PipelineInfo,
    private readonly parts: EngineParts,
    private readonly ownsDevice: boolean,
  ) {
    this.schedules = new FolderSchedules(parts.folder);
  }

  /**
   * Opens the device, then the model. The device comes first: without one nothing is downloaded.
   * @throws WebDiTError `webgpu-unavailable`, `adapter-unavailable`, and whatever `loadParts` throws; or `signal.reason`.
   *   Nothing is left on the GPU then.
   */
  static async load(source: ModelSource, options: EngineOptions, hooks: LoadHooks): Promise<Engine> {
    hooks.signal?.throwIfAborted();
    const holder = hooks.device
      ? adoptDevice(hooks.device)
      : await requestDevice(typeof navigator === 'undefined' ? undefined : navigator.gpu);
    try {
      const parts = await loadParts(source, options, holder, hooks);
      return new Engine(describe(parts, hooks.thread, hooks.notes ?? []), parts, !hooks.device);
    } catch (error) {
      if (hooks.device) holder.release();
      else holder.destroy();
      throw error;
    }
  }

  async classes(): Promise<readonly ModelClass[] | null> {
    return this.parts.folder.classes;
  }

  generate(request: GenerateRequest, { signal, ...hooks }: GenerateHooks): Promise<EngineResult> {
    const linked = signal ? AbortSignal.any([signal, this.stop.signal]) : this.stop.signal;
    return this.enqueue(linked, () => this.run(request, linked, hooks));
  }

  /** Stops what runs, then frees the GPU memory, and the device if the engine opened it. */
  async dispose(): Promise<void> {
    if (this.stop.signal.aborted) return;
    this.stop.abort(disposedError());
    await this.tail;
    const { model, vae, holder } = this.parts;
    try {
      await vae?.dispose();
    } finally {
      model.dispose();
      if (this.ownsDevice) holder.destroy();
      else holder.release();
    }
  }

  private enqueue<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const previous = this.tail;
    const turn = previous.then(() => {
      signal.throwIfAborted();
      return work();
    });
    this.tail = turn.catch(() => {});
    return Promise.race([turn, abortedWhileWaiting(previous, signal)]);
  }

  private async run(
    request: GenerateRequest,
    signal: AbortSignal,
    { onStep, compile }: Omit<GenerateHooks, 'signal'>,
  ): Promise<EngineResult> {
    const { folder, model, vae, holder, dtype } = this.parts;
    const schedules = await this.schedules.for(compile ? null : request.cache, signal);
    const inputs = this.planInputs(request, schedules);
    const plan = compile
      ? checkRunPlan(await compile(inputs), inputs)
      : compileRunPlan({ ...inputs, cache: request.cache });
    signal.throwIfAborted();
    const seed = request.latents ? null : (request.seed ?? randomSeed());
    const size = folder.config.inChannels * folder.config.inputSize ** 2;
    const latents = new Float32Array(request.numImages * size);
    const images: OutputImages[OutputType][] = [];
    const runs: MeasuredRun[] = [];
    let decodeMs = 0;
    for (let image = 0; image < request.numImages; image++) {
      const init =
        request.latents?.data.slice(image * size, (image + 1) * size) ?? torchRandn(seedOf(seed ?? 0, image), size);
      const result = await model.run(plan, init, { signal, onStep: (step) => onStep({ image, ...step }) });
      checkFinite(result.latents, request, seed === null ? null : seedOf(seed, image));
      runs.push(result);
      latents.set(result.latents, image * size);
      const started = performance.now();
      images.push(await this.picture(result.latents, request.outputType));
      decodeMs += performance.now() - started;
      signal.throwIfAborted();
    }
    return {
      image: images[0] as OutputImages[OutputType],
      images,
      latents: { data: latents, shape: [request.numImages, ...this.info.model.latentShape] },
      seed,
      report: buildReport({
        model: folder.config,
        plan,
        runs,
        decodeMs,
        adapter: holder.adapterInfo,
        dtype,
        math: model.math,
        vaeBackend: vae?.backend ?? null,
        kernels: model.kernels,
      }),
    };
  }

  private planInputs(request: GenerateRequest, schedules: readonly Schedule[]): PlanInputs {
    const { config, scheduler, classes } = this.parts.folder;
    const sampler = samplerName(scheduler);
    if (request.scheduler !== null && request.scheduler !== sampler) {
      throw new WebDiTError(
        'bad-argument',
        `This model has no scheduler "${request.scheduler}".`,
        `Leave scheduler out, or use "${sampler}".`,
      );
    }
    return {
      model: config,
      sampler: scheduler,
      steps: request.steps,
      guidanceScale: request.guidanceScale,
      guidanceChannels: request.guidanceChannels ?? undefined,
      label: classes ? findClass(classes, request.label).id : classId(request.label),
      schedules,
    };
  }

  private async picture(latents: Float32Array, type: OutputType): Promise<OutputImages[OutputType]> {
    const { vae, holder } = this.parts;
    if (type === 'latent' || !vae) return null;
    const { width, height } = vae.imageSize;
    const planes = await vae.decode(latents).catch((error) => {
      // The runtime does not know that the device is gone, only that something failed.
      holder.check();
      throw error;
    });
    return packImage(toRgba(planes, width, height), type);
  }
}

/** Rejects when the signal fires before this call's turn has come; afterwards the run itself answers to the signal. */
function abortedWhileWaiting(previous: Promise<unknown>, signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    void previous.then(() => signal.removeEventListener('abort', onAbort));
  });
}

/** Without a picture nobody would see that the latents are no numbers. @throws WebDiTError `numeric`. */
function checkFinite(latents: Float32Array, request: GenerateRequest, seed: number | bigint | null): void {
  if (latents.every(Number.isFinite)) return;
  const { steps, guidanceScale } = request;
  throw new WebDiTError(
    'numeric',
    `The latents of ${seed === null ? 'this run' : `seed ${seed}`} are not finite after ${steps} steps at guidance ${guidanceScale}.`,
    "Use a smaller guidanceScale or dtype: 'f32', and check that the weights and the starting latents are finite.",
  );
}

function classId(label: number | string): number {
  const id = Number(label);
  if (Number.isInteger(id)) return id;
  throw new WebDiTError(
    'unknown-label',
    `This model has no class names, so "${label}" means nothing to it.`,
    'Give a class id.',
  );
}

function randomSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0] as number;
}

function disposedError(): WebDiTError {
  return new WebDiTError(
    'bad-argument',
    'This pipeline has been disposed.',
    'Create another one with fromPretrained().',
  );
}
