import { type CacheSpec, checkSamplerName, type LatentGrid, latentScale, WebDiTError } from '@webdit/core';
import type { StoreBackend } from '@webdit/weights';
import { checkPrompt, isPrompt, requireText, requireWords } from './check-prompt.ts';
import { badArgument, refuseUnknownKeys, requireInteger, requireObject, show } from './check-values.ts';
import { checkStartImage, type StartImage } from './input-image.ts';
import { isRegisteredHere } from './page-policies.ts';
import { defaultOutputType, supportsOutput } from './pixels.ts';
import type { PromptRow } from './prompts.ts';
import type { GenerateInput, GenerateOptions, LabelInput, Latents, OutputType, PipelineInfo } from './types.ts';

/** A checked `generate` call as plain data: what crosses to the worker. */
export interface GenerateRequest {
  /** Null for text models. */
  readonly label: number | string | null;
  /** Of text models. */
  readonly prompts: readonly PromptRow[] | null;
  /** Latent size, where it is not the model's own. */
  readonly size: LatentGrid | null;
  readonly steps: number;
  readonly guidanceScale: number;
  readonly guidanceChannels: number | null;
  readonly seed: number | bigint | null;
  readonly cache: CacheSpec;
  readonly scheduler: string | null;
  readonly numImages: number;
  readonly outputType: OutputType;
  readonly latents: Latents | null;
  /** What the run starts from besides noise; null for nothing. */
  readonly start: StartImage | null;
  /** Every how many steps a preview is wanted; null for none. */
  readonly previewEvery: number | null;
}

const labelKeys = ['label'];
const optionKeys = [
  'numInferenceSteps',
  'guidanceScale',
  'guidanceChannels',
  'seed',
  'cache',
  'scheduler',
  'height',
  'width',
  'numImages',
  'outputType',
  'latents',
  'image',
  'strength',
  'onStep',
  'onPreview',
  'onProgress',
  'onWarning',
  'previewEvery',
  'signal',
];
const outputTypes: readonly OutputType[] = ['bitmap', 'imageData', 'blob', 'latent'];
const lastSeed = 2n ** 64n - 1n;

/**
 * Checks what can be checked of a `generate` call before anything crosses to the worker.
 * @throws WebDiTError `bad-argument`, `shape-mismatch` (latents), `unsupported-config` (pixels asked of a folder without a VAE).
 */
export function checkGenerate(
  input: GenerateInput,
  options: GenerateOptions,
  info: Pick<PipelineInfo, 'model'>,
): GenerateRequest {
  const { model } = info;
  const { steps, guidanceScale, ...checked } = checkForAnyModel(input, options);
  checkConditions(input, checked.label, model.text);
  const outputType = checkOutputType(options.outputType, model.imageSize !== null);
  const size = model.text ? readSize(options, model.latentShape) : null;
  if (!model.text) checkSize(options, model.imageSize);
  const [channels, height, width] = model.latentShape;
  const shape = [channels, size?.height ?? height, size?.width ?? width] as const;
  return {
    ...checked,
    size,
    prompts: null,
    steps: steps ?? model.defaults.numInferenceSteps,
    guidanceScale: guidanceScale ?? model.defaults.guidanceScale,
    guidanceChannels:
      options.guidanceChannels === undefined
        ? null
        : requireInteger(options.guidanceChannels, 'guidanceChannels', 1, model.latentShape[0]),
    outputType,
    latents: options.latents === undefined ? null : checkLatents(options.latents, checked.numImages, shape),
    start: checkStartImage(options, model.imageEncoder),
  };
}

/**
 * Checks what needs no model; which policies there are is asked elsewhere.
 * @throws WebDiTError `bad-argument`.
 */
export function checkForAnyModel(input: GenerateInput, options: GenerateOptions) {
  requireObject(input, 'The first argument of generate()', "{ label: '🍕' }");
  requireObject(options, 'The second argument of generate()', '{ numInferenceSteps: 20 }');
  const prompted = isPrompt(input);
  if (prompted) checkPrompt(input);
  else refuseUnknownKeys(input, labelKeys, 'The first argument of generate()');
  refuseUnknownKeys(options, optionKeys, 'generate()');
  checkHooks(options, ['onStep', 'onPreview', 'onProgress', 'onWarning']);
  const { numInferenceSteps: steps, guidanceScale, seed, previewEvery = 1 } = options;
  requireInteger(previewEvery, 'previewEvery', 1, 1000);
  const numImages = options.numImages === undefined ? 1 : requireInteger(options.numImages, 'numImages', 1, 64);
  if (seed !== undefined && options.latents !== undefined) {
    throw badArgument('seed and latents both set the first latents.', 'Give one of them.');
  }
  return {
    label: prompted ? null : checkLabel((input as LabelInput).label),
    steps: steps === undefined ? null : requireInteger(steps, 'numInferenceSteps', 1, 1000),
    guidanceScale: guidanceScale === undefined ? null : checkGuidance(guidanceScale),
    seed: seed === undefined ? null : checkSeed(seed, numImages),
    cache: checkCache(options.cache),
    scheduler: checkScheduler(options.scheduler),
    numImages,
    previewEvery: options.onPreview ? previewEvery : null,
  };
}

/** Seed of picture `index` in a call that starts at `seed`: the sum, as a bigint where a number would lose digits. */
export function seedOf(seed: number | bigint, index: number): number | bigint {
  if (typeof seed === 'number' && Number.isSafeInteger(seed + index)) return seed + index;
  return BigInt(seed) + BigInt(index);
}

function checkLabel(label: unknown): number | string {
  if (typeof label === 'string' && label.trim() !== '') return label;
  if (typeof label === 'number' && Number.isInteger(label) && label >= 0) return label;
  throw badArgument(`label is ${show(label)}.`, "Give a class id, name or emoji, such as { label: '🍕' }.");
}

export function checkGuidance(scale: unknown): number {
  if (typeof scale !== 'number' || !Number.isFinite(Math.fround(scale)) || scale < 0) {
    throw badArgument(`guidanceScale is ${show(scale)}.`, 'Give a finite number from 0 on; 1 turns guidance off.');
  }
  return scale;
}

function checkSeed(seed: unknown, numImages: number): number | bigint {
  const whole = typeof seed === 'bigint' || (typeof seed === 'number' && Number.isSafeInteger(seed));
  if (!whole || seed < 0 || BigInt(seed) + BigInt(numImages - 1) > lastSeed) {
    throw badArgument(
      `seed is ${show(seed)}.`,
      'Give a whole number from 0 to 18446744073709551615, as a bigint above 9007199254740991.',
    );
  }
  return seed;
}

export function checkCache(cache: unknown): CacheSpec {
  const spec = readCache(cache);
  // Settings of policies registered on the page stay here; all others have to cross to a worker, and mean the same without one.
  if (!isRegisteredHere(spec) && !isPlain(spec)) {
    throw badArgument(
      'cache holds something other than plain values.',
      'Give numbers, texts, lists and plain objects.',
    );
  }
  return spec;
}

/** True for what JSON can say, and undefined. Settings are never deep; a depth beyond any of theirs is a cycle. */
function isPlain(value: unknown, depth = 0): boolean {
  if (typeof value !== 'object' || value === null) {
    return value === null || ['undefined', 'boolean', 'number', 'string'].includes(typeof value);
  }
  // Not Object.prototype itself: an object may come from another frame.
  const prototype = Object.getPrototypeOf(value);
  const simple = Array.isArray(value) || prototype === null || Object.getPrototypeOf(prototype) === null;
  return simple && depth < 16 && Object.values(value).every((item) => isPlain(item, depth + 1));
}

function readCache(cache: unknown): CacheSpec {
  if (cache === undefined) return 'none';
  if (typeof cache === 'string' && cache !== '') return cache;
  if (typeof cache === 'object' && cache !== null && 'policy' in cache && typeof cache.policy === 'string') {
    return { ...cache, policy: cache.policy };
  }
  throw badArgument(`cache is ${show(cache)}.`, "Give a policy name such as 'none', or an object with a policy.");
}

function checkScheduler(scheduler: unknown): string | null {
  if (scheduler === undefined) return null;
  if (typeof scheduler === 'string' && scheduler !== '') return checkSamplerName(scheduler);
  throw badArgument(`scheduler is ${show(scheduler)}.`, "Give a sampler name such as 'dpmpp', or leave it out.");
}

function checkOutputType(type: unknown, hasVae: boolean): OutputType {
  const chosen = type === undefined ? (hasVae ? defaultOutputType() : 'latent') : type;
  const known = outputTypes.find((candidate) => candidate === chosen);
  if (!known) throw badArgument(`outputType is ${show(type)}.`, `Use one of ${outputTypes.join(', ')}.`);
  if (known !== 'latent' && !hasVae) {
    throw new WebDiTError(
      'unsupported-config',
      'This model folder has no VAE decoder, so it gives no pixels.',
      "Ask for outputType: 'latent', or add vae/decoder.onnx to the folder.",
    );
  }
  if (!supportsOutput(known)) {
    throw badArgument(`outputType '${known}' needs a browser.`, "Use 'imageData' or 'latent' here.");
  }
  return known;
}

/** @throws WebDiTError `bad-argument` for a label where the model takes a prompt, or the other way round; `unsupported-config`. */
function checkConditions(
  input: GenerateInput,
  label: number | string | null,
  text: PipelineInfo['model']['text'],
): void {
  if (text && label !== null) {
    const prompt = text.prompts ? '{ prompt }' : '{ promptEmbeds }';
    throw badArgument('This model draws prompts and has no classes.', `Give ${prompt} in place of a label.`);
  }
  if (label !== null) return;
  if ('prompt' in input) requireWords(text);
  else requireText(text);
}

/** Pixels of the side of a patch of 2 x 2 latent pixels. */
const patchPixels = 2 * latentScale;

/** The latent size of a picture of a text model; null for its own. @throws WebDiTError `bad-argument`. */
function readSize(options: GenerateOptions, [, height, width]: readonly [number, number, number]): LatentGrid | null {
  const side = (name: 'height' | 'width', own: number) => {
    const given = options[name];
    if (given === undefined) return own;
    if (typeof given !== 'number' || !Number.isInteger(given / patchPixels) || given < patchPixels || given > 4096) {
      throw badArgument(`${name} is ${show(given)}.`, `Give a multiple of ${patchPixels} from ${patchPixels} to 4096.`);
    }
    return given / latentScale;
  };
  const size = { height: side('height', height), width: side('width', width) };
  return size.height === height && size.width === width ? null : size;
}

function checkSize(options: GenerateOptions, size: { width: number; height: number } | null): void {
  for (const side of ['width', 'height'] as const) {
    const given = options[side];
    if (given !== undefined && given !== size?.[side]) {
      throw badArgument(
        `${side} is ${show(given)}.`,
        size ? `This model draws ${size.width} x ${size.height} pixels; leave ${side} out.` : `Leave ${side} out.`,
      );
    }
  }
}

/** @throws WebDiTError `bad-argument` unless each of the callbacks is a function and `signal` an AbortSignal, where they are given. */
export function checkHooks(options: object, callbacks: readonly string[]): void {
  const { signal, ...given }: { readonly signal?: unknown; readonly [name: string]: unknown } = { ...options };
  for (const name of callbacks) {
    if (given[name] === undefined || typeof given[name] === 'function') continue;
    throw badArgument(`${name} is ${show(given[name])}.`, 'Give a function, or leave it out.');
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw badArgument(`signal is ${show(signal)}.`, 'Give the signal of an AbortController, or leave it out.');
  }
}

/**
 * Checks where models are to be stored: under one of these names, or in a store of the caller's.
 * @throws WebDiTError `bad-argument`.
 */
export function checkStore(store: unknown, names: readonly string[]): void {
  if (store === undefined || names.includes(store as string)) return;
  const methods: readonly (keyof StoreBackend)[] = ['keys', 'get', 'put', 'delete'];
  const given = (typeof store === 'object' && store !== null ? store : {}) as Partial<StoreBackend>;
  if (methods.every((name) => typeof given[name] === 'function')) return;
  const own = `an object with ${methods.join(', ')}`;
  throw badArgument(`store is ${show(store)}.`, `Use ${[...names, own].join(', or ')}.`);
}

function checkLatents(latents: Latents, numImages: number, shape: readonly [number, number, number]): Latents {
  requireObject(latents, 'latents', '{ data: new Float32Array(…), shape: [4, 16, 16] }');
  const { data, shape: given } = latents;
  if (!(data instanceof Float32Array) || !Array.isArray(given)) {
    throw badArgument('latents is not { data, shape }.', 'Give a Float32Array and its shape.');
  }
  const one = shape.join(', ');
  const full = [numImages, ...shape].join(', ');
  const fits = given.join(', ') === full || (numImages === 1 && given.join(', ') === one);
  if (!fits) {
    throw new WebDiTError(
      'shape-mismatch',
      `latents has shape [${given.join(', ')}] where this call needs [${full}].`,
      'Give latents made for this model and this many pictures.',
    );
  }
  const count = numImages * shape[0] * shape[1] * shape[2];
  if (data.length !== count) {
    throw new WebDiTError(
      'shape-mismatch',
      `latents holds ${data.length} values where its shape needs ${count}.`,
      'Give as many values as the shape says.',
    );
  }
  return { data, shape: [numImages, ...shape] };
}
