import type { DiTConfig } from '@webdit/core';
import { type MatmulTiling, type MatmulWeights, matmulConstants, matmulKernel } from '@webdit/shaders';
import type { Allocator } from '../allocator.ts';
import { PipelineCache } from '../pipelines.ts';
import type { KernelChoice } from '../tiling.ts';
import { ditMatmulSizes } from './dit-sizes.ts';
import { matmulOp, tunedMatmul } from './matmul.ts';
import type { TuningStore } from './store.ts';
import { type TuningInfo, tune } from './tune.ts';

/** When kernels are chosen by timing them: `auto` does on hardware adapters. */
export type TuneWhen = 'auto' | 'always' | 'never';

export interface TuningOptions {
  readonly when: TuneWhen;
  /** Where results are kept from load to load. */
  readonly store?: TuningStore;
  /** Milliseconds; 3000 by default. */
  readonly budgetMs?: number;
  /** Matmul candidates; by default every kept tiling. */
  readonly tilings?: readonly MatmulTiling[];
}

/** Kernels for a DiT, and where the choice came from. */
export interface ChosenKernels {
  readonly choice: KernelChoice;
  readonly info: TuningInfo;
}

export const untuned: TuningInfo = { source: 'static', ms: 0, excluded: [] };

/**
 * Starts from `base` and replaces what is slower here. Requests the pipelines of what it chose, for `PipelineCache.compile`.
 * @throws as `tune`.
 */
export async function chooseKernels(
  allocator: Allocator,
  model: { readonly config: DiTConfig; readonly weights: MatmulWeights },
  base: KernelChoice,
  { when, store, budgetMs, tilings }: TuningOptions,
  hooks: {
    readonly signal?: AbortSignal | undefined;
    readonly onProgress?: ((done: number, total: number) => void) | undefined;
  },
): Promise<ChosenKernels> {
  const { holder } = allocator;
  if (when === 'never' || (when === 'auto' && holder.adapterInfo.isFallback)) return { choice: base, info: untuned };
  const { config, weights } = model;
  const sizes = ditMatmulSizes(config);
  const matmul = matmulOp(holder, { weights, sizes, base, ...(tilings ? { tilings } : {}) });
  const { records, ...info } = await tune(allocator, [matmul], { store, budgetMs, ...hooks });
  const [record] = records;
  const choice = record ? { ...base, matmul: tunedMatmul(base, record, tilings) } : base;
  const pipelines = PipelineCache.of(holder);
  for (const size of sizes) {
    pipelines.request(
      matmulKernel({ tiling: choice.matmul(size), weights, epilogue: 'store' }),
      matmulConstants('none'),
    );
  }
  return { choice, info };
}
