import {
  DiffusionPipeline,
  type GenerateInput,
  type ModelPlan,
  type PipelineInfo,
  planModel,
  type StepKind,
} from '../packages/webdit/src/index.ts';
import { nameOf } from './run-in-page.ts';

/** What the runner asks of the page: plain data. */
export interface LargeRequest {
  readonly model: string;
  /** A golden folder, or null. */
  readonly golden: string | null;
  readonly guidanceScale: number;
  /** Runs of one full, one reuse and one selective step. */
  readonly rounds: number;
}

/** A step of a measured run. */
export interface LargeStep {
  readonly kind: StepKind;
  readonly ms: number;
  readonly flops: number;
}

export interface LargeResult {
  readonly adapter: string;
  readonly dtype: string;
  readonly loadMs: number;
  readonly plan: ModelPlan;
  readonly gpuBytesSaid: number;
  /** Error of the forward against the golden, and its target. */
  readonly forward: { readonly error: number; readonly target: number; readonly reference: string | null } | null;
  readonly steps: readonly LargeStep[];
}

/** What runner and page share. */
export interface LargeWindow {
  measureLarge(request: LargeRequest): Promise<LargeResult>;
  onLargeProgress(text: string): Promise<void>;
}

const bench = window as unknown as LargeWindow;

/** Tokens of the selective step are chosen as the paper says, a constant share of them. */
const cache = { policy: 'procache', mode: 'paper', pattern: '102' } as const;

/** Any class, or a prompt as long as the model reads, which is what the planner counts. */
function inputOf({ model: { text } }: PipelineInfo): GenerateInput {
  if (!text) return { label: 7 };
  const shape = [text.maxTokens, text.width];
  const embeddings = (phase: number) => {
    const data = Float32Array.from({ length: text.maxTokens * text.width }, (_, i) => Math.sin(phase + i));
    return { data, shape };
  };
  return { promptEmbeds: embeddings(0), negativePromptEmbeds: embeddings(1) };
}

bench.measureLarge = async ({ model, golden, guidanceScale, rounds }) => {
  const run = { numInferenceSteps: cache.pattern.length, guidanceScale };
  const plan = await planModel(model, { ...run, policies: [cache] });
  await bench.onLargeProgress('planned');
  const started = performance.now();
  const pipe = await DiffusionPipeline.fromPretrained(model, { worker: true, tune: 'never' });
  try {
    const loadMs = performance.now() - started;
    await bench.onLargeProgress(`loaded in ${(loadMs / 1000).toFixed(1)} s`);
    const checked = golden === null ? null : await pipe.verify(golden);
    if (checked) await bench.onLargeProgress(`forward: error ${checked.worst.error}`);
    const steps: LargeStep[] = [];
    for (let round = 0; round < rounds; round++) {
      await pipe.generate(inputOf(pipe.info), {
        ...run,
        cache,
        seed: round,
        outputType: 'latent',
        onStep: ({ kind, ms, flops }) => {
          steps.push({ kind, ms, flops });
          void bench.onLargeProgress(`${kind} step: ${(ms / 1000).toFixed(2)} s`);
        },
      });
    }
    const { adapter, dtype, gpuBytes } = pipe.info;
    return {
      adapter: nameOf(adapter),
      dtype,
      loadMs,
      plan,
      gpuBytesSaid: gpuBytes,
      forward: checked && {
        error: checked.worst.error,
        target: checked.worst.target,
        reference: checked.reference,
      },
      steps,
    };
  } finally {
    await pipe.dispose();
  }
};
