import type { Kernel } from '../common/kernel.ts';
import scatterEpilogue from './epilogue.scatter.wgsl?raw';
import storeEpilogue from './epilogue.store.wgsl?raw';
import type { Activation } from './reference.ts';
import matrixRows from './rows.matrix.wgsl?raw';
import { type MatmulWeights, matmulWeights, tiledKernel } from './tiled.ts';
import { type MatmulTiling, matmulTilings } from './tilings.ts';

export { type MatmulNumericCheck, matmulNumericCheck } from './numeric-check.ts';
export type { Activation } from './reference.ts';
export {
  bytesPerWeight,
  type MatmulWeights,
  matmulWeights,
  tiledWorkgroups as matmulWorkgroups,
  tileRows as matmulTileRows,
} from './tiled.ts';
export {
  firstTiling,
  type MatmulTiling,
  matmulSweep,
  matmulTilings,
  registerTiling,
  splitKTiling,
  subgroupTiling,
  workgroupTiling,
} from './tilings.ts';

export const matmulEpilogues = ['store', 'scatter'] as const;
export type MatmulEpilogue = (typeof matmulEpilogues)[number];

const epilogues = {
  store: { file: 'matmul/epilogue.store.wgsl', source: storeEpilogue, storage: ['read_write'] },
  scatter: { file: 'matmul/epilogue.scatter.wgsl', source: scatterEpilogue, storage: ['read', 'read_write'] },
} as const;

const rows = { file: 'matmul/rows.matrix.wgsl', source: matrixRows };

const activations: Record<Activation, number> = { none: 0, gelu: 1, silu: 2 };

export interface MatmulVariant {
  readonly tiling: MatmulTiling;
  readonly weights: MatmulWeights;
  readonly epilogue: MatmulEpilogue;
}

const made = new Map<string, Kernel>();

/** Linear layer `[rows, K] x [K, N] + bias`. Storage: input, weights, bias (int8: and scales), then the epilogue's. */
export function matmulKernel({ tiling, weights, epilogue }: MatmulVariant): Kernel {
  const name = `matmul.${tiling.name}.${weights}.${epilogue}`;
  // Every dispatch of a graph asks, and the text takes longer to write than all the rest of it.
  const kernel = made.get(name) ?? tiledKernel({ name, op: 'matmul', tiling, weights, rows, end: epilogues[epilogue] });
  made.set(name, kernel);
  return kernel;
}

export const matmulVariants: readonly Kernel[] = matmulTilings.flatMap((tiling) =>
  matmulWeights.flatMap((weights) => matmulEpilogues.map((epilogue) => matmulKernel({ tiling, weights, epilogue }))),
);

export interface MatmulSize {
  readonly rows: number;
  readonly K: number;
  readonly N: number;
}

/** Where the `store` epilogue puts rows, in elements, multiples of 4, and what it does to them before. */
export interface MatmulStore {
  readonly firstRow?: number;
  /** Negative where the rows move up: it is added modulo 2^32. */
  readonly outputOffset?: number;
  /** N by default. */
  readonly outputWidth?: number;
  readonly activation?: Activation;
}

/** Params of the `store` epilogue. */
export function matmulStoreParams(
  { rows, K, N }: MatmulSize,
  { firstRow = 0, outputOffset = 0, outputWidth = N, activation = 'none' }: MatmulStore = {},
): Uint32Array {
  return Uint32Array.of(rows, K / 4, N / 4, firstRow, outputOffset / 4, outputWidth / 4, activations[activation]);
}

/** Params of the `scatter` epilogue; `cacheOffset` and `cacheWidth`, by default N, as above; rows = batch x selected. */
export function matmulScatterParams(
  { rows, K, N }: MatmulSize,
  p: {
    readonly tokens: number;
    readonly selected: number;
    readonly cacheOffset: number;
    readonly cacheWidth?: number;
    readonly firstRow?: number;
  },
): Uint32Array {
  const { tokens, selected, cacheOffset, cacheWidth = N, firstRow = 0 } = p;
  return Uint32Array.of(rows, K / 4, N / 4, firstRow, tokens, selected, cacheOffset / 4, cacheWidth / 4);
}
