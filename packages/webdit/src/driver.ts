import type { RunOptions, RunPlan } from '@webdit/core';
import type { GenerateRequest } from './arguments.ts';
import type { Diagnoses, DiagnosisHooks, DiagnosisName } from './diagnosis/types.ts';
import type {
  Latents,
  ModelClass,
  OutputImages,
  OutputType,
  PipelineInfo,
  PreviewEvent,
  ProgressEvent,
  RunReport,
  StepEvent,
} from './types.ts';

/** What one `generate` call gives back; its buffers and bitmaps cross from the worker by transfer. */
export interface EngineResult {
  readonly image: OutputImages[OutputType];
  readonly images: readonly OutputImages[OutputType][];
  readonly latents: Latents;
  readonly seed: number | bigint | null;
  readonly report: RunReport;
}

/** Everything a RunPlan is compiled from but the cache policy, as plain data. */
export type PlanInputs = Omit<RunOptions, 'cache'>;

export interface GenerateHooks {
  readonly signal?: AbortSignal | undefined;
  readonly onStep: (event: StepEvent) => void;
  /** Called for a request with `previewEvery`. */
  readonly onPreview?: ((event: PreviewEvent) => void) | undefined;
  /** Compiles the run where its policy is registered; asked when the call's turn comes. Without it the engine compiles. */
  readonly compile?: ((inputs: PlanInputs) => RunPlan | Promise<RunPlan>) | undefined;
}

/** What a text encoder made of a text. */
export interface EncodedText {
  /** `[tokens, width]`, padding included. */
  readonly embeddings: Float32Array;
  /** One value a token: 0 for padding. */
  readonly mask: readonly number[];
  /** Tokens that were left out because the model reads no more. */
  readonly surplus: number;
}

export interface EncodeHooks {
  readonly signal?: AbortSignal | undefined;
  /** Of the text encoder's files, where this call has to fetch them. */
  readonly onProgress: (event: ProgressEvent) => void;
}

/** What a pipeline drives: an engine on this thread, or one behind a worker. */
export interface EngineDriver {
  readonly info: PipelineInfo;
  /** The class table, by id; null when the folder has none. */
  classes(): Promise<readonly ModelClass[] | null>;
  generate(request: GenerateRequest, hooks: GenerateHooks): Promise<EngineResult>;
  /** Waits for its turn, as `generate` does. */
  encodeTexts(texts: readonly string[], hooks: EncodeHooks): Promise<readonly EncodedText[]>;
  /** Waits for its turn, as `generate` does. */
  diagnose<N extends DiagnosisName>(
    name: N,
    request: Diagnoses[N]['request'],
    hooks: DiagnosisHooks<N>,
  ): Promise<Diagnoses[N]['result']>;
  /** Holds up what runs, and what comes after it, until `resume`. */
  pause(): void;
  resume(): void;
  dispose(): Promise<void>;
}
