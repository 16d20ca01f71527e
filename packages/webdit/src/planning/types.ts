import type { CacheSpec, WebDiTErrorData } from '@webdit/core';
import type { AdapterInfo, DType } from '../types.ts';

/** What a model's GPU memory must fit in, in bytes. */
export interface MemoryLimits {
  /** Of one buffer. */
  readonly maxBufferSize: number;
  /** Of a buffer that kernels bind. */
  readonly maxStorageBufferBindingSize: number;
  /** Of all together. WebGPU does not say how much memory there is: null unless the caller does. */
  readonly memory: number | null;
}

/** What a model would need, known from its configs and the headers of its weights. Sizes are in bytes. */
export interface ModelPlan {
  readonly name: string;
  /** Of one run. */
  readonly numInferenceSteps: number;
  readonly guidanceScale: number;
  /** Rows the transformer computes at once: 2 with guidance, 1 without. */
  readonly batch: number;
  readonly download: {
    /**
     * What a load fetches of the weights: less than the files, where these repeat what the model needs once, if no manifest asks for the
     * whole and their server gives parts of them under a strong ETag.
     */
    readonly weights: number;
    /** The file of the VAE's decoder, or what it needs of its weights, told as theirs are; 0 for a model without one, null where the source does not say. */
    readonly vae: number | null;
  };
  /** Of a text model: what prompts in words take besides; null for a folder without a text encoder that can be used. */
  readonly text: TextPlan | null;
  /** The adapter whose limits these are; null where none was found: then they are those that every WebGPU adapter grants. */
  readonly adapter: AdapterInfo | null;
  readonly limits: MemoryLimits;
  /** One for each dtype that was asked for. */
  readonly dtypes: readonly DTypePlan[];
  /** What takes GPU memory besides, and is not in these figures: a sentence each. */
  readonly notCounted: readonly string[];
}

/** What prompts in words take: a tokenizer and a text encoder, fetched when the first one is given. Sizes are in bytes. */
export interface TextPlan {
  /** Files of both; null where the source does not say. */
  readonly download: number | null;
  /** Most of the processor's memory, in onnxruntime-web, while a prompt is encoded. */
  readonly memory: number;
  /** Whether the encoder stays in memory for the next prompt; else it is freed before the transformer runs. */
  readonly stays: boolean;
  /** When it is too large here: why, and what to do. Embeddings can be given all the same. */
  readonly refusal: WebDiTErrorData | null;
}

/** The GPU memory of a model whose weights are kept in one dtype. Sizes are in bytes. */
export interface DTypePlan {
  readonly dtype: DType;
  /** Held as long as the model is loaded; null when it cannot be. */
  readonly weights: number | null;
  /** Most at once while it loads, weights included; null when it cannot be. */
  readonly loading: number | null;
  /** What a VAE takes that decodes in WGSL, its weights included; 0 for any other, null when it cannot. */
  readonly decoder: number | null;
  /** One for each cache policy that was asked for. */
  readonly policies: readonly PolicyMemory[];
}

/** The GPU memory of runs with one cache policy. Sizes are in bytes. */
export interface PolicyMemory {
  /** As it was asked for. */
  readonly cache: CacheSpec;
  /** What the run works in, whatever its policy; null when it cannot run. */
  readonly activations: number | null;
  /** What the policy keeps from step to step; null when it cannot run. */
  readonly kept: number | null;
  /** Most at once, load and run, all weights included; null when it cannot run. */
  readonly total: number | null;
  readonly fits: boolean;
  /** When it does not fit, or cannot be planned for this run: why, and what to change. */
  readonly refusal: WebDiTErrorData | null;
}
