import { wgslConstants } from '../common/constants.ts';
import type { Kernel, KernelFeature, Workgroups } from '../common/kernel.ts';
import { wgslModule } from '../common/kernel.ts';
import { unroll } from '../common/unroll.ts';
import scatterEpilogue from './epilogue.scatter.wgsl?raw';
import storeEpilogue from './epilogue.store.wgsl?raw';
import finishBias from './finish.bias.wgsl?raw';
import finishScaled from './finish.scaled.wgsl?raw';
import plainInput from './input.plain.wgsl?raw';
import subgroupsInput from './input.subgroups.wgsl?raw';
import registerSource from './kernel.register.wgsl?raw';
import splitKSource from './kernel.split-k.wgsl?raw';
import workgroupSource from './kernel.workgroup.wgsl?raw';
import type { Activation } from './reference.ts';
import storeRows from './store_rows.wgsl?raw';
import { type MatmulTiling, matmulTilings } from './tilings.ts';
import weightsF16 from './weights.f16.wgsl?raw';
import weightsF32 from './weights.f32.wgsl?raw';
import weightsInt8 from './weights.int8.wgsl?raw';
import weightsPackedF16 from './weights.packed-f16.wgsl?raw';

export { type MatmulNumericCheck, matmulNumericCheck } from './numeric-check.ts';
export type { Activation } from './reference.ts';
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

/** What a kernel multiplies: f32, halves in f32 math, halves in f16 math with f32 sums, or scaled bytes in f32 math. */
export const matmulWeights = ['f32', 'packed-f16', 'f16', 'int8'] as const;
export type MatmulWeights = (typeof matmulWeights)[number];
/** Bytes of one weight in memory. */
export const bytesPerWeight: Readonly<Record<MatmulWeights, number>> = { f32: 4, 'packed-f16': 2, f16: 2, int8: 1 };
export const matmulEpilogues = ['store', 'scatter'] as const;
export type MatmulEpilogue = (typeof matmulEpilogues)[number];

interface Part {
  readonly source: string;
  readonly file: string;
}

const part = (file: string, source: string): Part => ({ source, file: `matmul/${file}` });

const input = { plain: part('input.plain.wgsl', plainInput), quads: part('input.subgroups.wgsl', subgroupsInput) };
const rowsEnd = part('store_rows.wgsl', storeRows);
const kernels: Readonly<Record<MatmulTiling['memory'], Part>> = {
  register: part('kernel.register.wgsl', registerSource),
  workgroup: part('kernel.workgroup.wgsl', workgroupSource),
  'split-k': part('kernel.split-k.wgsl', splitKSource),
};
const weightParts: Readonly<Record<MatmulWeights, readonly Part[]>> = {
  f32: [part('weights.f32.wgsl', weightsF32), part('finish.bias.wgsl', finishBias)],
  'packed-f16': [part('weights.packed-f16.wgsl', weightsPackedF16), part('finish.bias.wgsl', finishBias)],
  f16: [part('weights.f16.wgsl', weightsF16), part('finish.bias.wgsl', finishBias)],
  int8: [part('weights.int8.wgsl', weightsInt8), part('finish.scaled.wgsl', finishScaled)],
};
const epilogues = {
  store: { ...part('epilogue.store.wgsl', storeEpilogue), storage: ['read_write'] },
  scatter: { ...part('epilogue.scatter.wgsl', scatterEpilogue), storage: ['read', 'read_write'] },
} as const;

const activations: Record<Activation, number> = { none: 0, gelu: 1, silu: 2 };

export interface MatmulVariant {
  readonly tiling: MatmulTiling;
  readonly weights: MatmulWeights;
  readonly epilogue: MatmulEpilogue;
}

const made = new Map<string, Kernel>();

/** Linear layer `[rows, K] x [K, N] + bias`. Storage: input, weights, bias (int8: and scales), then the epilogue's. */
export function matmulKernel(variant: MatmulVariant): Kernel {
  const { tiling, weights, epilogue } = variant;
  const name = `matmul.${tiling.name}.${weights}.${epilogue}`;
  // Every dispatch of a graph asks, and the text takes longer to write than all the rest of it.
  const kernel = made.get(name) ?? writeKernel(name, variant);
  made.set(name, kernel);
  return kernel;
}

function writeKernel(name: string, { tiling, weights, epilogue }: MatmulVariant): Kernel {
  const { memory, subgroups } = tiling;
  const end = epilogues[epilogue];
  const fragments = [
    ...(memory === 'workgroup' ? [] : [subgroups ? input.quads : input.plain]),
    ...weightParts[weights],
    ...(memory === 'split-k' ? [] : [rowsEnd]),
    end,
  ];
  const features: KernelFeature[] = [
    ...(weights === 'f16' ? (['shader-f16'] as const) : []),
    ...(subgroups ? (['subgroups'] as const) : []),
  ];
  const kernel = kernels[memory];
  const body = unroll(kernel.source, { r: tiling.rows / 4, c: tiling.columns / 4 });
  return {
    name,
    op: 'matmul',
    source: wgslModule([sizes(tiling), body, ...fragments.map(({ source }) => source)], features),
    storage: ['read', 'read', 'read', ...end.storage],
    usesStep: false,
    features,
    files: [kernel.file, ...fragments.map(({ file }) => file)],
  };
}

function sizes({ rows, columns, lanes, depth }: MatmulTiling): string {
  return wgslConstants({ LANES_X: lanes[0], LANES_Y: lanes[1], R: rows / 4, C: columns / 4, DEPTH4: depth / 4 });
}

export const matmulVariants: readonly Kernel[] = matmulTilings.flatMap((tiling) =>
  matmulWeights.flatMap((weights) => matmulEpilogues.map((epilogue) => matmulKernel({ tiling, weights, epilogue }))),
);

/** Rows one workgroup computes: where one dispatch of a matmul may end and the next begin. */
export function matmulTileRows({ memory, rows, lanes }: MatmulTiling): number {
  return memory === 'split-k' ? rows : rows * lanes[1];
}

/** Workgroups for `rows` rows, all of them or those of one dispatch. */
export function matmulWorkgroups(tiling: MatmulTiling, rows: number, N: number): Workgroups {
  return [Math.ceil(N / (tiling.columns * tiling.lanes[0])), Math.ceil(rows / matmulTileRows(tiling)), 1];
}

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
