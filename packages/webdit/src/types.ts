import type { CacheSpec, ErrorCode, StepKind } from '@webdit/core';
import type { AdapterInfo, TuneWhen, TuningInfo } from '@webdit/gpu';
import type { ModelClass, StoredModel } from '@webdit/weights';

/** How weights are stored on the GPU. */
export type DType = 'f32' | 'f16' | 'int8';
/** What weights are multiplied in; sums are f32. */
export type MathDType = 'f32' | 'f16';
/** What the transformer runs on: the GPU, or the processor through onnxruntime-web. */
export type ComputeDevice = 'webgpu' | 'wasm';
/** What onnxruntime-web decodes pictures with. */
export type VaeBackend = 'webgpu' | 'wasm';
/** What pictures are wanted as; `latent` decodes none. */
export type OutputType = 'bitmap' | 'imageData' | 'blob' | 'latent';

/**
 * Where onnxruntime-web's files are: the folder of its .wasm files, or the files themselves. Absolute URLs, or
 * relative to the page.
 */
export type WasmPaths = string | { readonly mjs?: string; readonly wasm?: string };

/** Load progress, with transformers.js' event names. Bytes count what the model's own files hold. */
export type ProgressEvent =
  | { readonly status: 'initiate' | 'download' | 'done'; readonly name: string; readonly file: string }
  | {
      readonly status: 'progress';
      readonly name: string;
      readonly file: string;
      readonly loaded: number;
      readonly total: number;
      /** Percent of this file, 0 to 100. */
      readonly progress: number;
    }
  | {
      readonly status: 'progress_total';
      readonly name: string;
      readonly loaded: number;
      readonly total: number;
      /** Percent of the whole load, 0 to 100, never decreasing: the bytes, then the compiled pipelines. */
      readonly progress: number;
      readonly pipelines: { readonly done: number; readonly total: number };
    }
  | { readonly status: 'ready'; readonly name: string };

/** One finished denoising step. */
export interface StepEvent {
  /** Index of the picture this step belongs to, from 0. */
  readonly image: number;
  /** Step index in denoising order, from 0. */
  readonly n: number;
  readonly steps: number;
  readonly kind: StepKind;
  /** Wall-clock milliseconds of this step. */
  readonly ms: number;
  /** Floating-point operations this step executed. */
  readonly flops: number;
}

/** The picture as a step foresees it, in rough colours. */
export interface PreviewEvent {
  /** Index of the picture, from 0. */
  readonly image: number;
  /** The step that has just been computed, from 0. */
  readonly n: number;
  readonly steps: number;
  /** One pixel per latent pixel. In Node, a plain object of the same shape. */
  readonly preview: ImageData;
}

/** Latents with their shape, row-major. */
export interface Latents {
  readonly data: Float32Array;
  /** `[channels, height, width]` or `[images, channels, height, width]`. */
  readonly shape: readonly number[];
}

/** Where a model's files came from, and whether they are kept for the next load. */
export interface StorageInfo {
  /**
   * `stored`: the whole model is in the browser's storage now, and loads without a network; its text encoder follows when the first
   * prompt asks for it. `network`: it is not, or not wholly;
   * unless that was asked for, `notes` says why. `files`: picked files, a folder on disk or a source of the caller's own.
   */
  readonly state: 'stored' | 'network' | 'files';
  /** Bytes of the model that are in the browser's storage. */
  readonly storedBytes: number;
  /** Bytes that came over the network for this load. */
  readonly networkBytes: number;
}

/** A loaded model, what it runs on, and what was chosen for it. */
export interface PipelineInfo {
  /** The model's name: the last part of its URL or path; of picked files, their folder, the weights file or `The dropped folder`. */
  readonly name: string;
  /** Where the engine runs. */
  readonly thread: 'worker' | 'page';
  readonly device: ComputeDevice;
  /** The graphics adapter; with device `wasm`, onnxruntime-web on the CPU. */
  readonly adapter: AdapterInfo;
  /** How weights are stored. */
  readonly dtype: DType;
  /** What they are multiplied in. */
  readonly math: MathDType;
  /** What decodes the latents, or null when the folder has no VAE. */
  readonly vaeBackend: VaeBackend | null;
  /**
   * Threads that decode, when the processor does (`vaeBackend` wasm), else null. One in pages that are not cross-origin isolated:
   * only the headers COOP and COEP give a page more.
   */
  readonly vaeThreads: number | null;
  /** Kernel variant per op. */
  readonly kernels: Readonly<Record<string, string>>;
  /** Where the choice of kernels came from, and which do not work on this adapter. */
  readonly tuning: TuningInfo;
  readonly model: {
    /** Shape of one picture's latents, `[channels, height, width]`. */
    readonly latentShape: readonly [number, number, number];
    /** Pixels, or null without a VAE. */
    readonly imageSize: { readonly width: number; readonly height: number } | null;
    /** Whether a run may start from an image: the folder has a VAE encoder. */
    readonly imageEncoder: boolean;
    readonly depth: number;
    readonly hiddenSize: number;
    /** Class ids go from 0 to `numClasses - 1`; for their names see `DiffusionPipeline.classes`. 0 for text models. */
    readonly numClasses: number;
    /**
     * Of text models: the width of their text encoder's embeddings, the most tokens they read, and whether `prompt` may be given. Where
     * it may not, `notes` says why, and prompts are embeddings.
     */
    readonly text: { readonly width: number; readonly maxTokens: number; readonly prompts: boolean } | null;
    readonly defaults: { readonly numInferenceSteps: number; readonly guidanceScale: number };
    /** Paths of the cache schedules in the model folder; a bare `procache` takes the one for its steps and sampler. */
    readonly schedules: readonly string[];
  };
  readonly storage: StorageInfo;
  /** Choices the pipeline made for the user (a fallback, say), one sentence each. */
  readonly notes: readonly string[];
  /** GPU bytes after loading, without the VAE. */
  readonly gpuBytes: number;
}

/** What one step took. */
export interface StepReport {
  readonly image: number;
  readonly n: number;
  readonly kind: StepKind;
  /** Wall-clock milliseconds. */
  readonly ms: number;
  /** GPU milliseconds, where the adapter has timestamps. */
  readonly gpuMs?: number;
  readonly flops: { readonly executed: number; readonly published: number };
}

/** All steps of one kind in a run. */
export interface KindTotal {
  readonly count: number;
  /** Wall clock; submits that held several steps were shared out by their work. */
  readonly ms: number;
  /** GPU timestamps, when every step of the report has them. */
  readonly gpuMs?: number;
}

/** What a run did. Times are times and FLOPs are FLOPs; no number here mixes the two. */
export interface RunReport {
  /** A name that reproduces the run, such as `none`. */
  readonly policy: string;
  /** True when the schedule was made up for this run, because none was given or found in the model folder. */
  readonly derived: boolean;
  readonly sampler: string;
  readonly images: number;
  readonly steps: readonly StepReport[];
  readonly totals: {
    /** Denoising, wall clock, all pictures. */
    readonly ms: number;
    /** The same on the GPU's clock; absent when the adapter has no timestamps. */
    readonly gpuMs?: number;
    /** VAE and pixels, wall clock. */
    readonly decodeMs: number;
    /** The same of the image that the run starts from, its encoder's loading included; absent without one. */
    readonly encodeMs?: number;
    /** Executed: a text model's prompt is charged to every picture, though those of one prompt share its projection. */
    readonly flops: { readonly executed: number; readonly published: number };
    readonly byKind: Readonly<Partial<Record<StepKind, KindTotal>>>;
  };
  /** FLOPs of the same run with every step computed in full, divided by this run's. */
  readonly flopRatio: { readonly executed: number; readonly published: number };
  /** Times the loop waited for the GPU: for the final latents, and for a policy's probes. */
  readonly waits: { readonly final: number; readonly probe: number };
  /** Most GPU bytes the denoising loop held at once, weights included; without the VAE, whose runtime counts none. */
  readonly peakGpuBytes: number;
  readonly device: ComputeDevice;
  readonly adapter: AdapterInfo;
  readonly dtype: DType;
  readonly math: MathDType;
  readonly vaeBackend: VaeBackend | null;
  readonly kernels: Readonly<Record<string, string>>;
}

/** What a picture is for each `outputType`. */
export interface OutputImages {
  bitmap: ImageBitmap;
  /** In Node, a plain object of the same shape. */
  imageData: ImageData;
  blob: Blob;
  latent: null;
}

/** Finished pictures, their latents, and what the run did. */
export interface GenerateResult<O extends OutputType = OutputType> {
  /** The first picture; null with `outputType: 'latent'`. */
  readonly image: OutputImages[O];
  /** Every picture, in seed order. */
  readonly images: readonly OutputImages[O][];
  /** Final latents, `[images, channels, height, width]`, not divided by the VAE's scaling factor. */
  readonly latents: Latents;
  /** Seed of the first picture, or null when its noise came in as `latents`. */
  readonly seed: number | bigint | null;
  readonly report: RunReport;
}

/** What to paint: a class, or of a text model a prompt, in words or as embeddings. */
export type GenerateInput = LabelInput | TextInput | PromptInput;

/** A class of a class-conditional model. */
export interface LabelInput {
  /** Class id, name (case-insensitive) or emoji (U+FE0F ignored). */
  readonly label: number | string;
}

/** A prompt in words, for a text model whose folder has a text encoder: `info.model.text.prompts`. */
export interface TextInput {
  /** Read without its capitals, as PixArt was trained. */
  readonly prompt: string;
  /** What guidance leads away from; default the empty text. */
  readonly negativePrompt?: string;
}

/** A text encoder's output, row-major. */
export interface Embeddings {
  readonly data: Float32Array;
  /** `[tokens, width]` or `[1, tokens, width]`. */
  readonly shape: readonly number[];
}

/** A prompt of a text model as its text encoder gives it; the names are those of diffusers. */
export interface PromptInput {
  /**
   * Embeddings, or the bytes of a safetensors file with `prompt_embeds` and, if there are any, `prompt_attention_mask`,
   * `negative_prompt_embeds` and `negative_prompt_attention_mask`.
   */
  readonly promptEmbeds: Embeddings | Uint8Array | ArrayBuffer;
  /** One value a token, 0 for padding; by default all tokens count. */
  readonly promptAttentionMask?: ArrayLike<number>;
  /** Needed unless `guidanceScale` is 1. */
  readonly negativePromptEmbeds?: Embeddings;
  readonly negativePromptAttentionMask?: ArrayLike<number>;
}

/** What `encodePrompt` gives: `[1, tokens, width]` and `[tokens]`, padding included. */
export interface EncodedPrompt extends PromptInput {
  readonly promptEmbeds: Embeddings;
  readonly promptAttentionMask: readonly number[];
  readonly negativePromptAttentionMask?: readonly number[];
}

/** How a prompt is encoded. Every option may be left out. */
export interface EncodePromptOptions {
  /** 1 leaves out the negative prompt; default from the model folder. */
  readonly guidanceScale?: number;
  /** Of the text encoder's files: the first prompt fetches them. When it throws, encoding stops and rejects with what it threw. */
  readonly onProgress?: (event: ProgressEvent) => void;
  /** Called once for each. Without it warnings go to the console. */
  readonly onWarning?: (warning: WarningEvent) => void;
  /** Aborts between two prompts, or while the text encoder is fetched and loaded; `encodePrompt` then rejects with `signal.reason`. */
  readonly signal?: AbortSignal;
}

/** Something that was done in another way than asked. */
export interface WarningEvent {
  /** `prompt-cut`: the prompt has more tokens than the model reads. */
  readonly code: 'prompt-cut';
  /** One sentence. */
  readonly message: string;
}

/** A picture: a file, a bitmap, or RGBA bytes with their size, as in `ImageData`. */
export type InputImage =
  | Blob
  | ImageBitmap
  | { readonly data: Uint8ClampedArray | Uint8Array; readonly width: number; readonly height: number };

/** How to paint it. Every option may be left out. */
export interface GenerateOptions<O extends OutputType = OutputType> {
  /** 1 to 1000; default from the model folder. */
  readonly numInferenceSteps?: number;
  /** Classifier-free guidance; 1 turns it off. Default from the model folder. */
  readonly guidanceScale?: number;
  /** Guide only the first channels of the latents; default 3 for original layouts with learned sigma, else all. */
  readonly guidanceChannels?: number;
  /** 0 to 2^64 - 1; random when left out. Picture i uses seed + i. */
  readonly seed?: number | bigint;
  /** Cache policy: its name, name and settings in short (`fora:3`), an object with settings, or a schedule. Default `none`. */
  readonly cache?: CacheSpec;
  /**
   * `ddim`, `ddpm` or `dpmpp`, or one of them with other timesteps, such as `dpmpp-trailing`; `euler` for models that predict a flow.
   * Default the model folder's. `report.sampler` has the full name.
   */
  readonly scheduler?: string;
  /** In pixels: multiples of 16 for text models, else the model's own size. */
  readonly height?: number;
  readonly width?: number;
  /** 1 to 64; default 1. */
  readonly numImages?: number;
  /** Default `bitmap`, or `imageData` where there is no `createImageBitmap`. */
  readonly outputType?: O;
  /** Start from these latents instead of seeded noise; not together with `seed`, nor with a sampler that draws noise (`ddpm`). */
  readonly latents?: Latents;
  /**
   * Paint over this picture: noise is added to it, and only the last steps are run. Cut to the model's shape around the middle and
   * resized to its size, on white; in Node it has to have that size. Not together with `latents`.
   */
  readonly image?: InputImage;
  /**
   * With `image`: how much of it may change, 0 to 1; default 0.8. `floor(strength x steps)` of the steps are run: 0 gives the picture as the
   * VAE sees it, without a step. 1 starts from pure noise, as without an image; there diffusers leaves a trace of it.
   */
  readonly strength?: number;
  /** When it throws, the run stops and rejects with what it threw. */
  readonly onStep?: (step: StepEvent) => void;
  /**
   * Previews of the picture under way: of each step whose predecessor's has been read back by then, but for the last, whose picture
   * follows. They come in order and change neither result nor waits. A model folder without a preview map gives none, and
   * `info.notes` says so. When it throws, the run stops and rejects with what it threw.
   */
  readonly onPreview?: (preview: PreviewEvent) => void;
  /** Of the text encoder's files: the first prompt in words fetches them. When it throws, the call rejects with what it threw. */
  readonly onProgress?: (event: ProgressEvent) => void;
  /** Called before the run, once for each. Without it warnings go to the console. */
  readonly onWarning?: (warning: WarningEvent) => void;
  /** Preview only every k-th step, 1 to 1000; default 1. */
  readonly previewEvery?: number;
  /** Aborts within two slices of GPU work; `generate` then rejects with `signal.reason`. */
  readonly signal?: AbortSignal;
}

export type { AdapterInfo, CacheSpec, ErrorCode, ModelClass, StepKind, StoredModel, TuneWhen, TuningInfo };
