import type { DiTConfig } from '@webdit/core';
import {
  type AttentionTiling,
  type MatmulTiling,
  type MatmulWeights,
  matmulConstants,
  matmulKernel,
} from '@webdit/shaders';
import type { Allocator } from '../allocator.ts';
import type { DeviceHolder } from '../device.ts';
import { PipelineCache } from '../pipelines.ts';
import type { KernelChoice } from '../tiling.ts';
import { attentionCandidates, attentionOp, tunedAttention } from './attention.ts';
import { ditAttentionSize, ditMatmulSizes, ditOuterMatmulSizes } from './dit-sizes.ts';
import { matmulCandidates, matmulOp, tunedMatmul } from './matmul.ts';
import type { TuningRecord } from './record.ts';
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
 * Starts from `base` and replaces what is slower here. Requests the pipelines of what it chose, for `PipelineCache.compile`.
 * @throws as `tune`.
 */
export async function chooseKernels(
  allocator: Allocator,
  model: { readonly config: DiTConfig; readonly weights: MatmulWeights },
  base: KernelChoice,
  { when, store, budgetMs, tilings = {}, alone = (work) => work() }: TuningOptions,
  hooks: {
    readonly signal?: AbortSignal | undefined;
    readonly onProgress?: ((done: number, total: number) => void) | undefined;
  },
): Promise<ChosenKernels> {
  const { holder } = allocator;
  if (!timesKernels(when, holder)) return { choice: base, info: untuned };
  const { config, weights } = model;
  const sizes = ditMatmulSizes(config);
  const untimed = ditOuterMatmulSizes(config);
  const attentionSize = ditAttentionSize(config);
  const candidates = {
    attention: attentionCandidates(holder, attentionSize, base, tilings.attention),
    matmul: matmulCandidates(holder, { sizes, untimed, base }, tilings.matmul),
  };
  // Attention has one class, so that it takes little of the budget.
  const ops = [
    attentionOp(holder, attentionSize, base, candidates.attention),
    matmulOp(holder, {
      weights,
      alsoOn: weights === 'int8' ? ['f32'] : [],
      sizes,
      untimed,
      base,
      candidates: candidates.matmul,
    }),
  ];
  const { records, ...info } = await alone(() => tune(allocator, ops, { store, budgetMs, ...hooks }), hooks.signal);
  const [attention, matmul] = records as [TuningRecord, TuningRecord];
  const choice = {
    ...base,
    attention: tunedAttention(base, attention, candidates.attention),
    matmul: tunedMatmul(base, matmul, candidates.matmul),
  };
  const pipelines = PipelineCache.of(holder);
  for (const size of sizes) {
    pipelines.request(
      matmulKernel({ tiling: choice.matmul(size), weights, epilogue: 'store' }),
      matmulConstants('none'),
    );
  }
  return { choice, info };
}
