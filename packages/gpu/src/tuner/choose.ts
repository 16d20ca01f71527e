import type { AttentionTiling, MatmulTiling } from '@webdit/shaders';
import type { Allocator } from '../allocator.ts';
import type { DeviceHolder } from '../device.ts';
import type { KernelChoice } from '../tiling.ts';
import { DiTKernels, onlyFailures, type TunedModel } from './dit-kernels.ts';
import { TuningJob } from './job.ts';
import type { TuningStore } from './store.ts';
import { type TuningInfo, tune } from './tune.ts';

/** When kernels are chosen by timing them: `auto` does on hardware adapters. */
export type TuneWhen = 'auto' | 'always' | 'never';

export interface TuningOptions {
  readonly when: TuneWhen;
  /** Where results are kept from load to load. */
  readonly store?: TuningStore;
  /** Runs the work while no other load does; those would disturb the timing. Rejects with the signal's reason. */
  readonly alone?: <T>(work: () => Promise<T>, signal: AbortSignal | undefined) => Promise<T>;
  /** Milliseconds; 3000 by default. */
  readonly budgetMs?: number;
  /** Candidates; by default every kept tiling. */
  readonly tilings?: { readonly matmul?: readonly MatmulTiling[]; readonly attention?: readonly AttentionTiling[] };
}

/** Kernels for a DiT, and where the choice came from. */
export interface ChosenKernels {
  readonly choice: KernelChoice;
  readonly info: TuningInfo;
}

export const untuned: TuningInfo = { source: 'static', ms: 0, excluded: [] };

/** Whether loading a model on this device times kernels. */
export function timesKernels(when: TuneWhen, { adapterInfo }: Pick<DeviceHolder, 'adapterInfo'>): boolean {
  return when === 'always' || (when === 'auto' && !adapterInfo.isFallback);
}

/**
 * Starts from `base` and replaces what is slower here, or, where nothing is timed, only what an earlier check found wrong.
 * Requests the pipelines of what it chose, for `PipelineCache.compile`.
 * @throws as `tune`.
 */
export async function chooseKernels(
  allocator: Allocator,
  model: TunedModel,
  base: KernelChoice,
  { when, store, budgetMs, tilings, alone = (work) => work() }: TuningOptions,
  hooks: {
    readonly signal?: AbortSignal | undefined;
    readonly onProgress?: ((done: number, total: number) => void) | undefined;
  },
): Promise<ChosenKernels> {
  const { holder } = allocator;
  const timed = timesKernels(when, holder);
  if (!timed && !store) return { choice: base, info: untuned };
  const kernels = new DiTKernels(holder, model, base, tilings);
  if (!timed) return avoidFailed(kernels, base, store, hooks.signal);
  const work = () => tune(allocator, kernels.ops, { store, budgetMs, ...hooks });
  const { records, ...info } = await alone(work, hooks.signal);
  const choice = kernels.choiceOf(records);
  kernels.request(choice);
  return { choice, info };
}

async function avoidFailed(
  kernels: DiTKernels,
  base: KernelChoice,
  store: TuningStore | undefined,
  signal: AbortSignal | undefined,
): Promise<ChosenKernels> {
  const jobs = await Promise.all(kernels.ops.map((op) => TuningJob.open(op, kernels.holder, store)));
  signal?.throwIfAborted();
  const excluded = jobs.flatMap((job) => job.excluded.map(({ kernel }) => kernel.name));
  if (excluded.length === 0) return { choice: base, info: untuned };
  const choice = kernels.choiceOf(onlyFailures(jobs.map(({ record }) => record)));
  kernels.request(choice);
  return { choice, info: { ...untuned, excluded } };
}
