import {
  addNoise,
  atSize,
  captionLength,
  checkRunPlan,
  chooseSampler,
  compileRunPlan,
  drawNoise,
  findClass,
  firstStepOf,
  type Gate,
  type LatentGrid,
  latentGrid,
  latentPlane,
  noiseRows,
  policyOf,
  type RunPlan,
  TorchGenerator,
  WebDiTError,
} from '@webdit/core';
import type { PreviewRequest, TextConditions } from '@webdit/gpu';
import type { ModelFolder } from '@webdit/weights';
import { type GenerateRequest, seedOf } from './arguments.ts';
import type { EngineResult, GenerateHooks, PlanInputs } from './driver.ts';
import { noEncoder } from './input-image.ts';
import type { LatentDecoder } from './latent-decoder.ts';
import type { LatentEncoder } from './latent-encoder.ts';
import { packImage, toRgba } from './pixels.ts';
import { type PreviewParts, requestPreviews } from './previews.ts';
import { buildReport, type MeasuredRun } from './report.ts';
import type { RunQueue } from './run-queue.ts';
import type { FolderSchedules, PlanFiles } from './schedules.ts';
import type { AdapterInfo, ComputeDevice, DType, MathDType, OutputImages, OutputType, StepEvent } from './types.ts';

/** A model that runs plans, wherever it computes. */
export interface PlanRunner {
  /** What weights are multiplied in. */
  readonly math: MathDType;
  /** What the latest run computed with, by op. */
  readonly kernels: Readonly<Record<string, string>>;
  /**
   * Denoises one picture.
   * @param init `[channels, height, width]`.
   * @returns latents of the same shape, and what each step took.
   * @throws WebDiTError, or `signal.reason`.
   */
  run(
    plan: RunPlan,
    init: Float32Array,
    options: {
      readonly signal: AbortSignal;
      /** Holds the run up between its parts while it is closed; step times leave that out. */
      readonly gate?: Gate | undefined;
      readonly onStep: (step: Omit<StepEvent, 'image'>) => void;
      readonly preview?: PreviewRequest | undefined;
      /** For a plan whose steps take some: `drawNoise`. */
      readonly noise?: Float32Array | undefined;
      /** Of text models. */
      readonly text?: TextConditions | undefined;
      /** Latent size, where it is not the model's own. */
      readonly size?: LatentGrid | undefined;
    },
  ): Promise<MeasuredRun & { readonly latents: Float32Array }>;
}

/** A loaded model with what is needed to draw with it. */
export interface DrawingParts {
  readonly device: ComputeDevice;
  /** What it computes on. `check` throws what has happened to the device since the run began. */
  readonly holder: { readonly adapterInfo: AdapterInfo; check(): void };
  readonly folder: Pick<ModelFolder, 'config' | 'scheduler' | 'classes'> & PreviewParts;
  readonly schedules: FolderSchedules;
  readonly model: PlanRunner;
  /** Null when the folder has none. */
  readonly vae: LatentDecoder | null;
  readonly encoder: LatentEncoder | null;
  readonly dtype: DType;
}

/**
 * Draws one `generate` call's pictures when its turn has come.
 * @throws what `drawPictures` throws; `unknown-policy` and `bad-argument` of a cache setting at once.
 */
export async function queuePictures(
  queue: RunQueue,
  parts: DrawingParts,
  request: GenerateRequest,
  { signal, ...hooks }: GenerateHooks,
): Promise<EngineResult> {
  // One that is compiled on the page was read there.
  if (!hooks.compile) policyOf(request.cache);
  return queue.run(signal, (signal) => drawPictures(parts, request, { ...hooks, signal, gate: queue.gate }));
}

/**
 * One `generate` call: plans it, draws its pictures one after the other, and adds up what they took.
 * @throws WebDiTError `bad-argument`, `unknown-label`, `unknown-policy`, `schedule-mismatch`, `numeric`; what the model and the
 *   VAE throw; `signal.reason`.
 */
async function drawPictures(
  parts: DrawingParts,
  request: GenerateRequest,
  {
    signal,
    gate,
    onStep,
    onPreview,
    compile,
  }: Omit<GenerateHooks, 'signal'> & { readonly signal: AbortSignal; readonly gate: Gate },
): Promise<EngineResult> {
  const { folder, model, vae, holder, dtype } = parts;
  const config = request.size ? atSize(folder.config, request.size) : folder.config;
  const { inChannels } = config;
  const { height, width } = latentGrid(config);
  const files = await parts.schedules.for(compile ? null : request.cache, signal);
  const inputs = planInputs({ ...folder, config }, request, files);
  const plan = compile
    ? checkRunPlan(await compile(inputs), { ...inputs, steps: inputs.steps - (inputs.first ?? 0) })
    : compileRunPlan({ ...inputs, cache: request.cache });
  signal.throwIfAborted();
  if (request.latents && noiseRows(plan.steps) > 0) {
    throw new WebDiTError(
      'bad-argument',
      `${plan.sampler} draws noise in its steps from the seed of the first latents, so latents cannot be given.`,
      'Give a seed, or use a sampler without noise, such as ddim.',
    );
  }
  const seed = request.latents ? null : (request.seed ?? randomSeed());
  const size = inChannels * latentPlane(config);
  const latents = new Float32Array(request.numImages * size);
  const images: OutputImages[OutputType][] = [];
  const runs: MeasuredRun[] = [];
  const over = await encodeStart(parts, request, { plan, size: { height, width }, signal });
  let decodeMs = 0;
  for (let image = 0; image < request.numImages; image++) {
    const generator = new TorchGenerator(seedOf(seed ?? 0, image));
    const noise = request.latents?.data.slice(image * size, (image + 1) * size) ?? generator.randn(size);
    const [first] = plan.steps;
    const init = over ? (first ? addNoise(inputs.sampler, first, over.latents, noise) : over.latents) : noise;
    const result = first
      ? await model.run(plan, init, {
          signal,
          gate,
          onStep: (step) => onStep({ image, ...step }),
          preview: requestPreviews(
            { ...folder, config },
            { steps: plan.steps.length, previewEvery: request.previewEvery },
            image,
            onPreview,
          ),
          noise: drawNoise(generator, plan.steps, size),
          text: request.prompts ? { captions: request.prompts } : undefined,
          size: request.size ?? undefined,
        })
      : { latents: init, steps: [], waits: { final: 0, probe: 0 }, peakBytes: 0 };
    checkFinite(result.latents, request, seed === null ? null : seedOf(seed, image));
    runs.push(result);
    latents.set(result.latents, image * size);
    const started = performance.now();
    images.push(await picture(parts, result.latents, { size: { width, height }, type: request.outputType, signal }));
    decodeMs += performance.now() - started;
    signal.throwIfAborted();
  }
  return {
    image: images[0] as OutputImages[OutputType],
    images,
    latents: { data: latents, shape: [request.numImages, inChannels, height, width] },
    seed,
    report: buildReport({
      model: config,
      plan,
      runs,
      decodeMs,
      encodeMs: over?.ms,
      device: parts.device,
      adapter: holder.adapterInfo,
      dtype,
      math: model.math,
      vaeBackend: vae?.backend ?? null,
      kernels: model.kernels,
    }),
  };
}

function planInputs(
  { config, scheduler, classes }: DrawingParts['folder'],
  request: GenerateRequest,
  files: PlanFiles,
): PlanInputs {
  return {
    model: config,
    sampler: request.scheduler === null ? scheduler : chooseSampler(request.scheduler, scheduler),
    steps: request.steps,
    ...(request.start ? { first: firstStepOf(request.steps, request.start.strength) } : {}),
    guidanceScale: request.guidanceScale,
    guidanceChannels: request.guidanceChannels ?? undefined,
    ...conditionsOf(request, { classes, config }),
    ...files,
  };
}

/** What the plan is told of the class or the text. */
function conditionsOf(
  { label, prompts }: GenerateRequest,
  { classes, config }: Pick<DrawingParts['folder'], 'classes' | 'config'>,
) {
  if (label === null) {
    const channels = config.kind === 'pixart' ? config.captionChannels : 1;
    return { captionTokens: captionLength((prompts ?? []).map(({ embeddings }) => embeddings.length / channels)) };
  }
  return { label: classes ? findClass(classes, label).id : classId(label) };
}

/** Latents of the picture that a run starts from; null for a run that starts from noise alone. */
async function encodeStart(
  { encoder, holder }: DrawingParts,
  { start, steps }: GenerateRequest,
  { plan, size, signal }: { readonly plan: RunPlan; readonly size: LatentGrid; readonly signal: AbortSignal },
): Promise<{ readonly latents: Float32Array; readonly ms: number } | null> {
  // Of a whole run nothing is left of the picture.
  if (!start || plan.steps.length === steps) return null;
  if (!encoder) throw noEncoder();
  const started = performance.now();
  const latents = await runtimeWork(encoder.encode(start.image, size, signal), holder, signal);
  signal.throwIfAborted();
  return { latents, ms: performance.now() - started };
}

/** What onnxruntime does. It does not know that the device is gone, only that something failed. */
function runtimeWork<T>(work: Promise<T>, holder: DrawingParts['holder'], signal: AbortSignal): Promise<T> {
  return work.catch((error) => {
    signal.throwIfAborted();
    holder.check();
    throw error;
  });
}

async function picture(
  { vae, holder }: DrawingParts,
  latents: Float32Array,
  { size, type, signal }: { readonly size: LatentGrid; readonly type: OutputType; readonly signal: AbortSignal },
): Promise<OutputImages[OutputType]> {
  if (type === 'latent' || !vae) return null;
  const { width, height } = vae.imageSizeOf(size);
  const planes = await runtimeWork(vae.decode(latents, size, signal), holder, signal);
  return packImage(toRgba(planes, width, height), type);
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
