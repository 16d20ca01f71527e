import { foldedWorkgroups, type Kernel, type KernelConstants, type Workgroups } from '../common/kernel.ts';
import reduceSource from '../common/reduce.wgsl?raw';
import stepSource from '../common/step.wgsl?raw';
import registerSource from './kernel.register.wgsl?raw';
import workgroupSource from './kernel.workgroup.wgsl?raw';
import modulateSource from './modulate.wgsl?raw';
import allRows from './rows.all.wgsl?raw';
import residualRows from './rows.residual.wgsl?raw';
import selectedRows from './rows.selected.wgsl?raw';

/** One workgroup per row for GPUs, or one invocation for adapters that run on the CPU. */
export const layerNormTilings = ['workgroup', 'register'] as const;
export type LayerNormTiling = (typeof layerNormTilings)[number];

const kernels = {
  workgroup: { text: `${workgroupSource}\n${reduceSource}`, files: ['common/reduce.wgsl'], rows: 1 },
  register: { text: registerSource, files: [], rows: 16 },
} as const;

const rowKinds = {
  all: { text: allRows, storage: ['read', 'read', 'read_write'] },
  selected: { text: selectedRows, storage: ['read', 'read', 'read_write', 'read'] },
  residual: { text: residualRows, storage: ['read_write', 'read', 'read_write', 'read'] },
} as const;

/** `all` rows, `selected` tokens gathered by their ids, or all rows after the `residual` that is due. */
export type LayerNormRows = keyof typeof rowKinds;

/**
 * LayerNorm + modulate. Storage: input, modulation table, output; then token ids for `selected`, the branch for
 * `residual`, whose input is written: input += gate x branch.
 */
export function layerNormKernel(tiling: LayerNormTiling, rows: LayerNormRows): Kernel {
  return {
    name: `layer_norm.${tiling}.${rows}`,
    op: 'layer_norm',
    source: [kernels[tiling].text, modulateSource, rowKinds[rows].text, stepSource].join('\n'),
    storage: rowKinds[rows].storage,
    usesStep: true,
    files: [
      `layer_norm/kernel.${tiling}.wgsl`,
      'layer_norm/modulate.wgsl',
      `layer_norm/rows.${rows}.wgsl`,
      'common/step.wgsl',
      ...kernels[tiling].files,
    ],
  };
}

export const layerNormVariants: readonly Kernel[] = layerNormTilings.flatMap((tiling) =>
  (Object.keys(rowKinds) as LayerNormRows[]).map((rows) => layerNormKernel(tiling, rows)),
);

export function layerNormConstants(size: { C: number; epsilon: number }): KernelConstants {
  return { C4: size.C / 4, EPSILON: size.epsilon };
}

/** Offsets and strides in elements, multiples of 4. */
export interface LayerNormPlace {
  readonly rows: number;
  readonly tokens: number;
  readonly shiftOffset: number;
  readonly scaleOffset: number;
  readonly modulationStride: number;
}

const place = (p: LayerNormPlace) => [p.rows, p.tokens, p.shiftOffset / 4, p.scaleOffset / 4, p.modulationStride / 4];

export function layerNormParams(p: LayerNormPlace): Uint32Array {
  return Uint32Array.from(place(p));
}

export function layerNormSelectedParams(p: LayerNormPlace & { readonly selected: number }): Uint32Array {
  return Uint32Array.of(...place(p), p.selected);
}

export function layerNormResidualParams(
  p: LayerNormPlace & { readonly gateOffset: number; readonly gateStride: number; readonly branchOffset: number },
): Uint32Array {
  return Uint32Array.of(...place(p), p.gateOffset / 4, p.gateStride / 4, p.branchOffset / 4);
}

export function layerNormWorkgroups(tiling: LayerNormTiling, rows: number): Workgroups {
  return foldedWorkgroups(Math.ceil(rows / kernels[tiling].rows));
}
