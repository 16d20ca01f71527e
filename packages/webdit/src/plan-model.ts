import { type CacheSpec, policyNames, policyOf } from '@webdit/core';
import { checkAccessToken } from '@webdit/weights';
import { checkCache, checkGuidance, checkHooks } from './arguments.ts';
import { badArgument, refuseUnknownKeys, requireInteger, show } from './check-values.ts';
import { checkModel, type ModelInput } from './model-input.ts';
import type { MemoryLimits, ModelPlan } from './planning/types.ts';
import type { DType } from './types.ts';

/** What to plan for. Every option may be left out. */
export interface PlanModelOptions {
  /** How weights would be stored on the GPU; several for a plan of each. `auto` (default) is what a load would choose. */
  readonly dtype?: DType | 'auto' | readonly (DType | 'auto')[];
  /** Cache policies, as `generate` takes them; by default every one that is registered. */
  readonly policies?: readonly CacheSpec[];
  /** Steps of a run; by default the model's own number. */
  readonly numInferenceSteps?: number;
  /** 1 turns guidance off, which halves what a run works in; by default the model's own scale. */
  readonly guidanceScale?: number;
  /** What the adapter allows, where the caller knows better: `{ memory: 2 * 2 ** 30 }` asks what fits in 2 GiB. */
  readonly limits?: Partial<MemoryLimits>;
  /** Whose adapter is asked for its limits; by default this page's, where it has one. */
  readonly gpu?: GPU;
  /** A token of the Hugging Face hub for a gated or private model there; sent to the hub's own host alone. */
  readonly accessToken?: string;
  /** Aborts the reading, which then rejects with `signal.reason`. */
  readonly signal?: AbortSignal;
}

const keys = ['dtype', 'policies', 'numInferenceSteps', 'guidanceScale', 'limits', 'gpu', 'accessToken', 'signal'];
const dtypes: readonly unknown[] = ['auto', 'f32', 'f16', 'int8'];
const limitKeys = ['maxBufferSize', 'maxStorageBufferBindingSize', 'memory'];

/**
 * What a model would take, before any of its weights is fetched: bytes to download, and GPU memory for weights, working buffers
 * and the cache of each policy. The engine's own construction is counted, so the figures are those it allocates. Needs no
 * WebGPU. What does not fit comes with a sentence that says why, and one that says what to change.
 * @example
 * const plan = await planModel('/models/emoji-dit', { policies: ['none', 'procache'] });
 * for (const { dtype, policies } of plan.dtypes) {
 *   for (const { cache, total, refusal } of policies) console.log(dtype, cache, total, refusal?.remedy ?? 'fits');
 * }
 * @throws WebDiTError `bad-argument`, `not-found`, `network`, `format`, `shape-mismatch`, `unsupported-config`; or
 *   `signal.reason`.
 */
export async function planModel(model: ModelInput, options: PlanModelOptions = {}): Promise<ModelPlan> {
  refuseUnknownKeys(options, keys, 'planModel()');
  checkHooks(options, []);
  const checked = checkModel(model);
  const { dtype = 'auto', numInferenceSteps: steps, guidanceScale, gpu, accessToken, signal } = options;
  if (accessToken !== undefined) checkAccessToken(accessToken);
  const request = {
    dtypes: checkDTypes(Array.isArray(dtype) ? dtype : [dtype]),
    policies: (options.policies ?? policyNames()).map(checkPolicy),
    steps: steps === undefined ? null : requireInteger(steps, 'numInferenceSteps', 1, 1000),
    guidanceScale: guidanceScale === undefined ? null : checkGuidance(guidanceScale),
    limits: checkLimits(options.limits ?? {}),
    gpu: gpu ?? (typeof navigator === 'undefined' ? undefined : navigator.gpu),
    signal,
  };
  // The engine's own code, and readers of configs: pages that load models leave them to the worker.
  const { readPlan } = await import('./planning/read-plan.ts');
  return readPlan(checked, request, accessToken ?? null);
}

function checkDTypes(given: readonly unknown[]): readonly (DType | 'auto')[] {
  const wrong = given.find((dtype) => !dtypes.includes(dtype));
  if (wrong === undefined && given.length > 0) return given as readonly (DType | 'auto')[];
  throw badArgument(
    `dtype is ${show(given.length > 0 ? wrong : given)}.`,
    `Use ${dtypes.join(', ')}, or a list of them.`,
  );
}

function checkPolicy(cache: CacheSpec): CacheSpec {
  const checked = checkCache(cache);
  policyOf(checked);
  return checked;
}

function checkLimits(limits: Partial<MemoryLimits>): Partial<MemoryLimits> {
  refuseUnknownKeys(limits, limitKeys, 'limits');
  for (const [name, bytes] of Object.entries(limits)) {
    if (bytes !== null && !(typeof bytes === 'number' && bytes > 0)) {
      throw badArgument(`${name} is ${show(bytes)}.`, 'Give a number of bytes.');
    }
  }
  return limits;
}
