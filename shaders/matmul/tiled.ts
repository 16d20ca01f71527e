import { wgslConstants } from '../common/constants.ts';
import { type Kernel, type KernelFeature, type StorageAccess, type Workgroups, wgslModule } from '../common/kernel.ts';
import { unroll } from '../common/unroll.ts';
import finishBias from './finish.bias.wgsl?raw';
import finishScaled from './finish.scaled.wgsl?raw';
import plainInput from './input.plain.wgsl?raw';
import subgroupsInput from './input.subgroups.wgsl?raw';
import registerSource from './kernel.register.wgsl?raw';
import splitKSource from './kernel.split-k.wgsl?raw';
import workgroupSource from './kernel.workgroup.wgsl?raw';
import storeRows from './store_rows.wgsl?raw';
import type { MatmulTiling } from './tilings.ts';
import weightsF16 from './weights.f16.wgsl?raw';
import weightsF32 from './weights.f32.wgsl?raw';
import weightsInt8 from './weights.int8.wgsl?raw';
import weightsPackedF16 from './weights.packed-f16.wgsl?raw';

/** What a kernel multiplies: f32, halves in f32 math, halves in f16 math with f32 sums, or scaled bytes in f32 math. */
export const matmulWeights = ['f32', 'packed-f16', 'f16', 'int8'] as const;
export type MatmulWeights = (typeof matmulWeights)[number];
/** Bytes of one weight in memory. */
export const bytesPerWeight: Readonly<Record<MatmulWeights, number>> = { f32: 4, 'packed-f16': 2, f16: 2, int8: 1 };

/** A fragment of a kernel's text. */
export interface Part {
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

/** What a tiled kernel is put together from. */
export interface TiledParts {
  readonly name: string;
  readonly op: string;
  readonly tiling: MatmulTiling;
  readonly weights: MatmulWeights;
  /** Where the rows of its input lie: binding 1. */
  readonly rows: Part;
  /** What becomes of a result: its epilogue, with the params and bindings from 4 on. */
  readonly end: Part & { readonly storage: readonly StorageAccess[] };
}

/** A product of rows and weights, tiled. Storage: input, weights, bias (int8: and scales), then the epilogue's. */
export function tiledKernel({ name, op, tiling, weights, rows, end }: TiledParts): Kernel {
  const { memory, subgroups } = tiling;
  const fragments = [
    rows,
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
    op,
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

/** Rows one workgroup computes: where one dispatch may end and the next begin. */
export function tileRows({ memory, rows, lanes }: MatmulTiling): number {
  return memory === 'split-k' ? rows : rows * lanes[1];
}

/** Workgroups for `rows` rows, all of them or those of one dispatch. */
export function tiledWorkgroups(tiling: MatmulTiling, rows: number, N: number): Workgroups {
  return [Math.ceil(N / (tiling.columns * tiling.lanes[0])), Math.ceil(rows / tileRows(tiling)), 1];
}
