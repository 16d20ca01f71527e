import {
  type AttentionTiling,
  attentionTilings,
  type LayerNormTiling,
  type MatmulSize,
  type MatmulTiling,
  registerTiling,
  splitKTiling,
  subgroupTiling,
  workgroupTiling,
} from '@webdit/shaders';
import type { DeviceHolder } from './device.ts';

export interface AttentionShape {
  readonly batch: number;
  readonly tokens: number;
  readonly heads: number;
  readonly headDim: number;
}

/** Which kernel variant runs at which size. */
export interface KernelChoice {
  matmul(size: MatmulSize): MatmulTiling;
  attention(size: AttentionShape): AttentionTiling;
  readonly norm: LayerNormTiling;
}

/** Rows from which a large tile has enough to do. */
const largeTileRows = 32;
/** Rows up to which sharing K out keeps more of a GPU busy than tiles do. */
const splitKRows = 4;

/**
 * The static table, from the sweeps in `bench/results`. Software adapters have no use for workgroup memory, whose barriers
 * they pay for, and gain most from quads that share their loads. Hardware takes the workgroup tiles until it has been tuned.
 */
export function staticChoice(holder: Pick<DeviceHolder, 'adapterInfo' | 'features'>): KernelChoice {
  if (!holder.adapterInfo.isFallback) return hardware;
  return holder.features.has('subgroups') ? softwareQuads : software;
}

const hardware: KernelChoice = {
  matmul: ({ rows }) => (rows <= splitKRows ? splitKTiling(4, [8, 8]) : workgroupTiling([8, 8], [8, 8], 16)),
  attention: ({ tokens }) =>
    tokens <= attentionTilings.small.keys ? attentionTilings.small : attentionTilings.workgroup,
  norm: 'workgroup',
};

const softwareQuads: KernelChoice = {
  matmul: ({ rows }) => (rows >= largeTileRows ? subgroupTiling([16, 16], [8, 4]) : subgroupTiling([8, 4], [8, 8])),
  attention: () => attentionTilings.quads,
  norm: 'register',
};

const software: KernelChoice = {
  matmul: ({ rows }) => (rows >= largeTileRows ? registerTiling([16, 8], [8, 4]) : registerTiling([8, 4], [8, 8])),
  attention: () => attentionTilings.register,
  norm: 'register',
};

/** The same matmul tiling at every size; the rest runs everywhere. */
export function fixedChoice(tiling: MatmulTiling): KernelChoice {
  return { ...software, matmul: () => tiling };
}
