import { type CacheSpec, compileRunPlan, type RunPlan, WebDiTError } from '@webdit/core';
import { adapterGrants } from '@webdit/gpu';
import { type ModelFolder, type ModelSource, openRequired } from '@webdit/weights';
import { automaticDType } from '../dtype.ts';
import { shortName } from '../progress.ts';
import { FolderSchedules, type PlanFiles } from '../schedules.ts';
import { planText } from '../text/encoder-memory.ts';
import type { DType } from '../types.ts';
import { anyCondition } from './any-condition.ts';
import { attempt } from './attempt.ts';
import { decoderCount } from './decoder-count.ts';
import { MemoryTable, type NamedPlan } from './memory-table.ts';
import type { DTypePlan, MemoryLimits, ModelPlan, PolicyMemory } from './types.ts';

/** A checked `planModel` call. */
export interface PlanRequest {
  readonly dtypes: readonly (DType | 'auto')[];
  readonly policies: readonly CacheSpec[];
  /** Null for the model's own. */
  readonly steps: number | null;
  readonly guidanceScale: number | null;
  readonly gpu: GPU | undefined;
  /** What the caller knows better than the adapter. */
  readonly limits: Partial<MemoryLimits>;
  readonly signal: AbortSignal | undefined;
}

/** @throws WebDiTError `bad-argument` for steps or guidance no run has; what reading the folder throws; `signal.reason`. */
export async function planFolder(source: ModelSource, folder: ModelFolder, request: PlanRequest): Promise<ModelPlan> {
  const { signal } = request;
  const numInferenceSteps = request.steps ?? folder.defaults.numInferenceSteps;
  const guidanceScale = request.guidanceScale ?? folder.defaults.guidanceScale;
  const files = await new FolderSchedules(folder).all(signal);
  const compile = (cache: CacheSpec) => compileFor(folder, files, { steps: numInferenceSteps, guidanceScale, cache });
  const uncached = compile('none');
  const plans = request.policies.map((cache) => ({ cache, plan: attempt(() => compile(cache)) }));
  const others = [{ policy: 'none', plan: uncached }, ...plans.flatMap(named)];
  const { info, ...found } = await adapterGrants(request.gpu);
  const grants = { ...found, ...request.limits };
  const { maxBufferSize, maxStorageBufferBindingSize, memory = null } = grants;
  const decoder = await decoderCount(folder, grants);
  const table = new MemoryTable(folder.config, grants, memory ?? undefined, decoder);
  const dtypes = [...new Set(request.dtypes.map((dtype) => (dtype === 'auto' ? automaticDType(folder) : dtype)))];
  return {
    name: shortName(folder.name),
    numInferenceSteps,
    guidanceScale,
    batch: uncached.labels.length,
    download: {
      weights: folder.loadedSize,
      vae: await decoderSize(source, folder, signal),
    },
    text: planText(folder.text),
    adapter: info,
    limits: { maxBufferSize, maxStorageBufferBindingSize, memory },
    dtypes: dtypes.map((dtype): DTypePlan => {
      const count = attempt(() => table.count(dtype));
      const { weights, loading } = count instanceof WebDiTError ? { weights: null, loading: null } : count;
      const decodes = attempt(() => decoder(dtype));
      const policies = plans.map(({ cache, plan }) => memoryOf(table, dtype, { cache, plan, others }));
      return {
        dtype,
        weights,
        loading,
        decoder: decodes instanceof WebDiTError ? null : decodes.weights + decodes.activations,
        policies,
      };
    }),
    notCounted: [
      ...(folder.vae?.kind === 'onnx' ? ['onnxruntime’s own memory for the VAE, where it decodes on the GPU.'] : []),
      'Timing kernels while the model loads, on hardware adapters.',
      'What the browser and the driver need for themselves.',
    ],
  };
}

/** A cache setting, and the run with it or why there is none. */
interface Compiled {
  readonly cache: CacheSpec;
  readonly plan: RunPlan | WebDiTError;
}

const policyName = (cache: CacheSpec) => (typeof cache === 'string' ? cache : cache.policy);

const named = ({ cache, plan }: Compiled): NamedPlan[] =>
  plan instanceof WebDiTError ? [] : [{ policy: policyName(cache), plan }];

function compileFor(
  { config, scheduler }: Pick<ModelFolder, 'config' | 'scheduler'>,
  { schedules, calibrations }: PlanFiles,
  run: { readonly steps: number; readonly guidanceScale: number; readonly cache: CacheSpec },
): RunPlan {
  return compileRunPlan({
    model: config,
    sampler: scheduler,
    ...anyCondition(config),
    schedules,
    calibrations,
    ...run,
  });
}

function memoryOf(
  table: MemoryTable,
  dtype: DType,
  run: Compiled & { readonly others: readonly NamedPlan[] },
): PolicyMemory {
  const { cache, plan } = run;
  const nothing = { cache, activations: null, kept: null, total: null };
  if (plan instanceof WebDiTError) return { ...nothing, fits: false, refusal: plan.toJSON() };
  const refusal = table.refusal(dtype, { policy: policyName(cache), plan }, run.others)?.toJSON() ?? null;
  const needs = attempt(() => table.needs(dtype, plan));
  if (needs instanceof WebDiTError) return { ...nothing, fits: false, refusal };
  const { activations, cache: kept, total } = needs;
  return { cache, activations, kept, total, fits: refusal === null, refusal };
}

/** Bytes of the VAE's decoder. */
async function decoderSize(
  source: ModelSource,
  { vae }: Pick<ModelFolder, 'vae'>,
  signal: AbortSignal | undefined,
): Promise<number | null> {
  if (!vae) return 0;
  if (vae.kind === 'autoencoder-kl') return vae.weightFiles.reduce((sum, { bytes }) => sum + bytes, 0);
  const file = await openRequired(source, vae.decoder, { signal });
  await file.stream().cancel();
  return file.size ?? null;
}
