import { WebDiTError } from '@webdit/core';
import { checkAccessToken, type ModelSource, type StoreBackend } from '@webdit/weights';
import { checkGenerate, checkGuidance, checkHooks, checkStore } from './arguments.ts';
import { checkWords, requireWords } from './check-prompt.ts';
import { badArgument, refuseUnknownKeys, requireObject, show } from './check-values.ts';
import { WorkerClient } from './client.ts';
import { checkBenchmark, checkCheckKernels, checkVerify } from './diagnosis/arguments.ts';
import type {
  BenchmarkOptions,
  BenchmarkResult,
  CheckKernelsOptions,
  CheckKernelsResult,
  Diagnoses,
  DiagnosisName,
  VerifyOptions,
  VerifyResult,
} from './diagnosis/types.ts';
import type { EngineDriver } from './driver.ts';
import type { EngineOptions } from './load-request.ts';
import { absoluteUrl, checkModel, isTransferable, type ModelInput } from './model-input.ts';
import { hasPagePolicies } from './page-policies.ts';
import { PromptReader } from './pipeline-prompts.ts';
import { startWorker } from './start-worker.ts';
import type {
  DType,
  EncodedPrompt,
  EncodePromptOptions,
  GenerateInput,
  GenerateOptions,
  GenerateResult,
  MathDType,
  ModelClass,
  OutputType,
  PipelineInfo,
  ProgressEvent,
  TextInput,
  TuneWhen,
  VaeBackend,
  WasmPaths,
} from './types.ts';
import { checkWasmOptions } from './wasm/options.ts';

/** How a model is loaded. Every option may be left out. */
export interface FromPretrainedOptions {
  /** How weights are stored on the GPU; `auto` (default) keeps f16 files as f16. int8 is made of the others while loading. */
  readonly dtype?: DType | 'auto';
  /** What f16 weights are multiplied in, with f32 sums; `auto` (default) is f16 on hardware with `shader-f16`, else f32. */
  readonly math?: MathDType | 'auto';
  /**
   * Time kernel variants in the load, for 3 seconds at most, and keep the fastest for later loads: `auto` (default) on hardware
   * adapters, `always`, or `never`, for pictures that must be the same to the byte from load to load: other kernels round
   * otherwise. `info.tuning` says what came of it.
   */
  readonly tune?: TuneWhen;
  /**
   * `auto` (default) asks for the fastest adapter. A GPUDevice needs `worker: false`; the caller keeps owning it. `wasm` does
   * without WebGPU: on the processor through onnxruntime-web, in f32 and without any cache policy.
   */
  readonly device?: 'auto' | 'wasm' | GPUDevice;
  /** When it throws, the load stops and rejects with what it threw. */
  readonly onProgress?: (event: ProgressEvent) => void;
  /** Aborts the load, which then rejects with `signal.reason`. */
  readonly signal?: AbortSignal;
  /** Run in a worker (default, where there are workers) or on this thread. */
  readonly worker?: boolean;
  /**
   * Keep a model from a URL in the browser's storage and load it from there next time, also without a network: `auto` (default),
   * where there is storage, or `none`; or in a store of your own, with the same promises. `info.storage` says what came of it.
   */
  readonly store?: 'auto' | 'none' | StoreBackend;
  /**
   * Where the worker script is, if the bundler cannot tell: this package's `dist/standalone/worker.js`, or its `webdit/worker`
   * bundled as a module of its own.
   */
  readonly workerUrl?: string | URL;
  /**
   * A token of the Hugging Face hub, `hf_…`, for a gated or private model there (`hf:owner/name`, or its page's address). It is sent to the
   * hub's own host alone, never to another that it redirects to, and neither stored nor logged.
   */
  readonly accessToken?: string;
  /** Where onnxruntime-web's files are, if the bundler cannot tell. */
  readonly wasmPaths?: WasmPaths;
  /**
   * What runs a VAE that comes as ONNX: `auto` (default) is webgpu on hardware, wasm on software adapters and in Node. One that comes as
   * safetensors decodes on the transformer's device.
   */
  readonly vaeBackend?: VaeBackend | 'auto';
}

const loadKeys = [
  'dtype',
  'math',
  'tune',
  'device',
  'onProgress',
  'signal',
  'worker',
  'store',
  'accessToken',
  'workerUrl',
  'wasmPaths',
  'vaeBackend',
];

/**
 * A diffusion transformer, loaded and ready to draw.
 * @example
 * const pipe = await DiffusionPipeline.fromPretrained('/models/emoji-dit');
 * const { image } = await pipe.generate({ label: '🍕' }, { seed: 7 });
 */
export class DiffusionPipeline {
  private driver: EngineDriver | null;
  private currentInfo: PipelineInfo;
  private readonly prompts = new PromptReader();

  private constructor(driver: EngineDriver) {
    this.driver = driver;
    this.currentInfo = driver.info;
  }

  /** The model, the adapter and every choice made while loading; `tuning` also says what `checkKernels` found. */
  get info(): PipelineInfo {
    return this.currentInfo;
  }

  /**
   * Loads a model folder onto the GPU, compiles its pipelines and opens its VAE.
   * @throws WebDiTError `bad-argument`, `webgpu-unavailable`, `adapter-unavailable`, `not-found`, `network`, `integrity`, `format`,
   *   `shape-mismatch`, `unsupported-config`, `out-of-memory`, `worker-crashed`; or `signal.reason`.
   */
  static async fromPretrained(model: ModelInput, options: FromPretrainedOptions = {}): Promise<DiffusionPipeline> {
    checkLoadOptions(options);
    options.signal?.throwIfAborted();
    const { signal, send: onProgress } = guarded(options.onProgress, options.signal);
    const settings: EngineOptions = {
      device: options.device === 'wasm' ? 'wasm' : 'webgpu',
      dtype: options.dtype ?? 'auto',
      math: options.math ?? 'auto',
      tune: options.tune ?? 'auto',
      vaeBackend: options.vaeBackend ?? 'auto',
      wasmPaths: options.wasmPaths ? absolutePaths(options.wasmPaths) : null,
    };
    const input = checkModel(model);
    const ownStore = typeof options.store === 'object' ? options.store : undefined;
    const store = typeof options.store === 'string' ? options.store : 'auto';
    const accessToken = options.accessToken ?? null;
    const inPlace = async (note?: string) => {
      // Imported lazily: a page that runs the worker never downloads the engine twice.
      const { sourceOf } = await import('./load-request.ts');
      const source = sourceOf(input, ownStore ?? store, accessToken);
      return loadInPlace(source, settings, { device: options.device, signal, onProgress, note });
    };
    const load = async (): Promise<EngineDriver> => {
      if (!wantsWorker(options)) return inPlace();
      if (!isTransferable(input)) {
        throw badArgument(
          'A model source object cannot cross to a worker.',
          'Pass worker: false, or give a URL or the files themselves.',
        );
      }
      try {
        const worker = startWorker(options.workerUrl);
        return await WorkerClient.load(
          worker,
          { model: input, store, accessToken, ...settings },
          { signal, onProgress, store: ownStore },
        );
      } catch (error) {
        const onlyHere = error instanceof WebDiTError && error.code === 'webgpu-unavailable' && 'gpu' in navigator;
        if (!onlyHere) throw error;
        return inPlace('Runs on the page’s own thread because this browser offers WebGPU only there.');
      }
    };
    const driver = await load();
    // The last event's callback may throw as well.
    if (signal.aborted) {
      await driver.dispose();
      throw signal.reason;
    }
    return new DiffusionPipeline(driver);
  }

  /**
   * Draws one picture, or `numImages`. Calls queue: one runs at a time, in order.
   * @throws WebDiTError `bad-argument`, `shape-mismatch`, `unknown-label`, `unknown-policy`, `unsupported-config`,
   *   `device-lost`, `out-of-memory`, `numeric`, `worker-crashed`; or `signal.reason`.
   */
  async generate<O extends OutputType = 'bitmap'>(
    input: GenerateInput,
    options: GenerateOptions<O> = {},
  ): Promise<GenerateResult<O>> {
    const driver = this.alive();
    const checked = checkGenerate(input, options, this.info);
    options.signal?.throwIfAborted();
    const { signal: loadSignal, send: onProgress } = guarded(options.onProgress, options.signal);
    const { signal: stepSignal, send: onStep } = guarded(options.onStep, loadSignal);
    const { signal, send: onPreview } = guarded(options.onPreview, stepSignal);
    const { text } = this.info.model;
    const reading = { alive: () => this.alive(), signal, onProgress, onWarning: options.onWarning };
    const request = text ? await this.prompts.read(checked, input, text, reading) : checked;
    const hooks = { signal, onStep, ...(request.previewEvery === null ? {} : { onPreview }) };
    const own = hasPagePolicies() ? (await pagePlans()).pagePlan(request.cache) : null;
    const result = await (own
      ? driver.generate({ ...request, cache: own.cache }, { ...hooks, compile: own.compile })
      : driver.generate(request, hooks));
    // The last step's callback may throw when the worker is done already.
    signal.throwIfAborted();
    return result as GenerateResult<O>;
  }

  /**
   * What the text encoder makes of a prompt and of the negative one: what `generate` takes in their place, now or another time. The
   * first prompt fetches the encoder; those of late are remembered. Waits for its turn among the calls of `generate`.
   * @throws WebDiTError `bad-argument`, `unsupported-config` without a text encoder, `not-found`, `network`, `integrity`, `format`,
   *   `shape-mismatch`, `out-of-memory`, `worker-crashed`; or `signal.reason`.
   */
  async encodePrompt(input: TextInput, options: EncodePromptOptions = {}): Promise<EncodedPrompt> {
    const { model } = this.alive().info;
    requireObject(input, 'The first argument of encodePrompt()', "{ prompt: 'a red fox' }");
    checkWords(input);
    refuseUnknownKeys(options, ['guidanceScale', 'onProgress', 'onWarning', 'signal'], 'encodePrompt()');
    checkHooks(options, ['onProgress', 'onWarning']);
    const guidance = checkGuidance(options.guidanceScale ?? model.defaults.guidanceScale);
    const text = requireWords(model.text);
    const { signal, send: onProgress } = guarded(options.onProgress, options.signal);
    const reading = { alive: () => this.alive(), signal, onProgress, onWarning: options.onWarning };
    return this.prompts.encode(input, guidance !== 1, text, reading);
  }

  /**
   * Holds up the run under way, and those after it, until `resume`: what the GPU has been given already, about 160 ms, is still
   * done. Times in events and reports leave out what a run was held up for. Calling it twice is fine.
   * @throws WebDiTError `bad-argument` after `dispose`.
   */
  pause(): void {
    this.alive().pause();
  }

  /** Lets runs go on. @throws WebDiTError `bad-argument` after `dispose`. */
  resume(): void {
    this.alive().resume();
  }

  /**
   * The model's classes by id, with whatever its table says about them; null when it has no table and labels are ids.
   * @throws WebDiTError `bad-argument` after `dispose`, `worker-crashed`.
   */
  async classes(): Promise<readonly ModelClass[] | null> {
    return this.alive().classes();
  }

  /**
   * Runs the cases of a golden folder (`goldens/README.md`) on this device and holds what comes out against their numbers.
   * Waits for its turn among the calls of `generate`.
   * @param golden URL of the folder with `golden.json` and `golden.safetensors`.
   * @throws WebDiTError `bad-argument`, `not-found`, `network`, `format`, `unsupported-config`, `schedule-mismatch`,
   *   `shape-mismatch` (another model's golden), `device-lost`, `out-of-memory`, `worker-crashed`; or `signal.reason`.
   */
  async verify(golden: string | URL, options: VerifyOptions = {}): Promise<VerifyResult> {
    return this.diagnose('verify', checkVerify(golden, options), options);
  }

  /**
   * Checks every variant of the kernels that make up nearly all of this model's work, matmul and self-attention, against its reference. A variant that fails is not run any more, by this
   * pipeline and, where there is IndexedDB, by later ones.
   * @throws WebDiTError `numeric` when no variant of an op works, `unsupported-config` without WebGPU, `device-lost`,
   *   `out-of-memory`, `worker-crashed`; or `signal.reason`, and nothing has changed then.
   */
  async checkKernels(options: CheckKernelsOptions = {}): Promise<CheckKernelsResult> {
    const result = await this.diagnose('checkKernels', checkCheckKernels(options), options);
    this.currentInfo = { ...this.currentInfo, tuning: result.tuning };
    return result;
  }

  /**
   * Measures what this adapter can do at best, and each kind of step of this model.
   * @throws WebDiTError `numeric` when a probe gave wrong results, `unsupported-config` without WebGPU, `device-lost`,
   *   `out-of-memory`, `worker-crashed`; or `signal.reason`.
   */
  async benchmark(options: BenchmarkOptions = {}): Promise<BenchmarkResult> {
    return this.diagnose('benchmark', checkBenchmark(options), options);
  }

  private async diagnose<N extends DiagnosisName>(
    name: N,
    request: Diagnoses[N]['request'],
    options: { readonly onProgress?: (event: Diagnoses[N]['event']) => void; readonly signal?: AbortSignal },
  ): Promise<Diagnoses[N]['result']> {
    const driver = this.alive();
    options.signal?.throwIfAborted();
    const { signal, send: onProgress } = guarded(options.onProgress, options.signal);
    const result = await driver.diagnose(name, request, { signal, onProgress });
    signal.throwIfAborted();
    return result;
  }

  /** Frees the GPU memory and the worker. The pipeline cannot be used afterwards; calling twice is fine. */
  async dispose(): Promise<void> {
    const { driver } = this;
    this.driver = null;
    await driver?.dispose();
  }

  private alive(): EngineDriver {
    if (this.driver) return this.driver;
    throw badArgument('This pipeline has been disposed.', 'Create another one with fromPretrained().');
  }
}

let planner: Promise<typeof import('./page-plan.ts')> | undefined;

/** One promise for all calls: two imports of one module may resolve out of order, and calls keep theirs. */
function pagePlans(): Promise<typeof import('./page-plan.ts')> {
  planner ??= import('./page-plan.ts');
  return planner;
}

/** A callback of the user's. When it throws, the work behind the signal stops, and the caller gets what it threw. */
function guarded<E>(callback: ((event: E) => void) | undefined, outer: AbortSignal | undefined) {
  const stop = new AbortController();
  const signal = outer ? AbortSignal.any([outer, stop.signal]) : stop.signal;
  const send = (event: E): void => {
    if (signal.aborted) return;
    try {
      callback?.(event);
    } catch (error) {
      stop.abort(error);
    }
  };
  return { signal, send };
}

function checkLoadOptions(options: FromPretrainedOptions): void {
  if (typeof options !== 'object' || options === null) {
    throw badArgument(`The options of fromPretrained() are ${show(options)}.`, 'Give an object, or leave them out.');
  }
  refuseUnknownKeys(options, loadKeys, 'fromPretrained()');
  oneOf(options.dtype, 'dtype', ['auto', 'f32', 'f16', 'int8']);
  oneOf(options.math, 'math', ['auto', 'f32', 'f16']);
  oneOf(options.tune, 'tune', ['auto', 'always', 'never']);
  oneOf(options.vaeBackend, 'vaeBackend', ['auto', 'webgpu', 'wasm']);
  oneOf(options.worker, 'worker', [true, false]);
  checkStore(options.store, ['auto', 'none']);
  if (options.accessToken !== undefined) checkAccessToken(options.accessToken);
  checkHooks(options, ['onProgress']);
  const { device } = options;
  const named = [undefined, 'auto', 'wasm'].includes(device as string);
  if (!named && (typeof device !== 'object' || !('queue' in device))) {
    throw badArgument(`device is ${show(device)}.`, "Give 'auto', 'wasm' or a GPUDevice.");
  }
  if (device === 'wasm') checkWasmOptions(options);
  if (typeof device === 'object' && options.worker !== false) {
    throw badArgument('A GPUDevice cannot cross to a worker.', 'Pass worker: false with it.');
  }
}

function oneOf(value: unknown, name: string, allowed: readonly unknown[]): void {
  if (value === undefined || allowed.includes(value)) return;
  throw badArgument(`${name} is ${show(value)}.`, `Use one of ${allowed.join(', ')}.`);
}

function absolutePaths(paths: WasmPaths): WasmPaths {
  if (typeof paths === 'string') return absoluteUrl(paths.endsWith('/') ? paths : `${paths}/`);
  refuseUnknownKeys(paths, ['mjs', 'wasm'], 'wasmPaths');
  return {
    ...(paths.mjs === undefined ? {} : { mjs: absoluteUrl(paths.mjs) }),
    ...(paths.wasm === undefined ? {} : { wasm: absoluteUrl(paths.wasm) }),
  };
}

function wantsWorker(options: FromPretrainedOptions): boolean {
  return options.worker ?? typeof Worker === 'function';
}

async function loadInPlace(
  source: ModelSource,
  settings: EngineOptions,
  hooks: {
    device: FromPretrainedOptions['device'];
    signal: AbortSignal;
    onProgress: (event: ProgressEvent) => void;
    note: string | undefined;
  },
): Promise<EngineDriver> {
  const { loadEngine } = await import('./load-engine.ts');
  const { device, signal, onProgress, note } = hooks;
  return loadEngine(source, settings, {
    thread: 'page',
    signal,
    onProgress,
    ...(typeof device === 'object' ? { device } : {}),
    ...(note === undefined ? {} : { notes: [note] }),
  });
}
