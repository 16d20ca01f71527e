import type { Kernel, KernelConstants, Workgroups } from '../common/kernel.ts';
import stepSource from '../common/step.wgsl?raw';
import weightsF32 from '../common/weights.f32.wgsl?raw';
import weightsPackedF16 from '../common/weights.packed-f16.wgsl?raw';
import gatedEpilogue from './epilogue.gated.wgsl?raw';
import gatedCacheEpilogue from './epilogue.gated-cache.wgsl?raw';
import scatterEpilogue from './epilogue.scatter.wgsl?raw';
import storeEpilogue from './epilogue.store.wgsl?raw';
import register8x4 from './kernel.register-8x4.wgsl?raw';
import register16x8 from './kernel.register-16x8.wgsl?raw';
import workgroup64x64 from './kernel.workgroup-64x64.wgsl?raw';
import loadTiles from './load_tiles.wgsl?raw';
import type { Activation } from './reference.ts';
import storeRows from './store_rows.wgsl?raw';

export type WeightStorage = 'f32' | 'packed-f16';
/** Rows x columns of an invocation (register) or of a workgroup (workgroup). */
export const matmulTilings = ['register-8x4', 'register-16x8', 'workgroup-64x64'] as const;
export type MatmulTiling = (typeof matmulTilings)[number];
export type MatmulEpilogue = 'store' | 'gated' | 'gated-cache' | 'scatter';

/** Columns (in vec4) and rows one workgroup covers, and what the kernel's text is put together from. */
const tilings = {
  'register-8x4': {
    source: `${register8x4}\n${loadTiles}`,
    files: ['matmul/kernel.register-8x4.wgsl', 'matmul/load_tiles.wgsl'],
    columns4: 8,
    rows: 64,
  },
  'register-16x8': {
    source: `${register16x8}\n${loadTiles}`,
    files: ['matmul/kernel.register-16x8.wgsl', 'matmul/load_tiles.wgsl'],
    columns4: 16,
    rows: 64,
  },
  'workgroup-64x64': {
    source: workgroup64x64,
    files: ['matmul/kernel.workgroup-64x64.wgsl'],
    columns4: 16,
    rows: 64,
  },
} as const;

const weightFragments = {
  f32: { source: weightsF32, file: 'common/weights.f32.wgsl' },
  'packed-f16': { source: weightsPackedF16, file: 'common/weights.packed-f16.wgsl' },
} as const;

const epilogues = {
  store: { source: storeEpilogue, file: 'matmul/epilogue.store.wgsl', storage: ['read_write'], usesStep: false },
  gated: { source: gatedEpilogue, file: 'matmul/epilogue.gated.wgsl', storage: ['read_write', 'read'], usesStep: true },
  'gated-cache': {
    source: gatedCacheEpilogue,
    file: 'matmul/epilogue.gated-cache.wgsl',
    storage: ['read_write', 'read', 'read_write'],
    usesStep: true,
  },
  scatter: {
    source: scatterEpilogue,
    file: 'matmul/epilogue.scatter.wgsl',
    storage: ['read', 'read_write'],
    usesStep: false,
  },
} as const;

const activations: Record<Activation, number> = { none: 0, gelu: 1, silu: 2 };

export interface MatmulVariant {
  readonly tiling: MatmulTiling;
  readonly weights: WeightStorage;
  readonly epilogue: MatmulEpilogue;
}

/** Linear layer `[rows, K] x [K, N] + bias`. Storage: input, weights, bias, then the epilogue's. */
export function matmulKernel({ tiling, weights, epilogue }: MatmulVariant): Kernel {
  const tile = tilings[tiling];
  const fragment = weightFragments[weights];
  const end = epilogues[epilogue];
  const { usesStep } = end;
  return {
    name: `matmul.${tiling}.${weights}.${epilogue}`,
    op: 'matmul',
    source: [tile.source, fragment.source, storeRows, end.source, ...(usesStep ? [stepSource] : [])].join('\n'),
    storage: ['read', 'read', 'read', ...end.storage],
    usesStep,
    files: [
      ...tile.files,
      fragment.file,
      'matmul/store_rows.wgsl',
      end.file,
      ...(usesStep ? ['common/step.wgsl'] : []),
    ],
  };
}

export const matmulVariants: readonly Kernel[] = matmulTilings.flatMap((tiling) =>
  (['f32', 'packed-f16'] as const).flatMap((weights) =>
    (['store', 'gated', 'gated-cache', 'scatter'] as const).map((epilogue) =>
      matmulKernel({ tiling, weights, epilogue }),
    ),
  ),
);

/** Constants of the `store` epilogue; the `gated` one has none. */
export function matmulConstants(activation: Activation): KernelConstants {
  return { ACTIVATION: activations[activation] };
}

export function matmulWorkgroups(tiling: MatmulTiling, rows: number, N: number): Workgroups {
  const tile = tilings[tiling];
  return [Math.ceil(N / 4 / tile.columns4), Math.ceil(rows / tile.rows), 1];
}

export interface MatmulSize {
  readonly rows: number;
  readonly K: number;
  readonly N: number;
}

/** Params of the `store` epilogue; `outputOffset` in elements, a multiple of 4. */
export function matmulStoreParams({ rows, K, N }: MatmulSize, outputOffset = 0): Uint32Array {
  return Uint32Array.of(rows, K / 4, N / 4, outputOffset / 4);
}

/**
 * Params of the `gated` and `gated-cache` epilogues; offsets and stride in elements, multiples of 4. `cacheOffset` is where
 * this (layer, branch) starts in its slab.
 */
export function matmulGatedParams(
  { rows, K, N }: MatmulSize,
  p: { tokens: number; gateOffset: number; modulationStride: number; cacheOffset?: number },
): Uint32Array {
  const cacheOffset = (p.cacheOffset ?? 0) / 4;
  return Uint32Array.of(rows, K / 4, N / 4, p.tokens, p.gateOffset / 4, p.modulationStride / 4, cacheOffset);
}

/** Params of the `scatter` epilogue; `cacheOffset` in elements, a multiple of 4; rows = batch x selected. */
export function matmulScatterParams(
  { rows, K, N }: MatmulSize,
  p: { tokens: number; selected: number; cacheOffset: number },
): Uint32Array {
  return Uint32Array.of(rows, K / 4, N / 4, p.tokens, p.selected, p.cacheOffset / 4);
}
