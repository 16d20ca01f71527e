import {
  type AttentionTiling,
  attentionTilings,
  type LayerNormTiling,
  type MatmulSize,
  type MatmulTiling,
  type MatmulWeights,
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

/** Rows of a single modulation vector, and of selected tokens: below these, tiles with few rows waste less. */
const fewRows = 4;
const someRows = 16;
/** Rows of one picture's tokens, both halves of guidance. */
const manyRows = 128;
/** Tokens of a sequence that a large tile would leave half empty. */
const fewTokens = 128;
/** K x N from which a tile may be taller than it is wide. */
const largeMatrix = 2 ** 20;

/**
 * The static table, from the sweeps in `bench/results`. Software adapters have no use for workgroup memory, whose barriers
 * they pay for, and gain most from quads that share their loads. Hardware takes the workgroup tiles until it has been tuned.
 */
export function staticChoice(
  holder: Pick<DeviceHolder, 'adapterInfo' | 'features'>,
  weights: MatmulWeights = 'f32',
): KernelChoice {
  if (!holder.adapterInfo.isFallback) return hardwareChoice;
  if (!holder.features.has('subgroups')) return plainChoice;
  const { vendor, architecture, description } = holder.adapterInfo;
  const isSwiftShader = /swiftshader/i.test(`${vendor} ${architecture} ${description}`);
  return isSwiftShader ? swiftShaderChoice(weights) : lavapipeChoice(weights);
}

/** For GPUs: workgroup memory, and K shared out where there are few rows. */
export const hardwareChoice: KernelChoice = {
  matmul: ({ rows }) => (rows <= fewRows ? splitKTiling(4, [8, 8]) : workgroupTiling([8, 8], [8, 8], 16)),
  attention: ({ tokens }) =>
    tokens <= attentionTilings.small.keys ? attentionTilings.small : attentionTilings.workgroup,
  norm: 'workgroup',
};

/** For adapters that run on the CPU and have no subgroups; needs no feature. */
export const plainChoice: KernelChoice = {
  matmul: ({ rows }) => (rows > someRows ? registerTiling([16, 8], [8, 4]) : registerTiling([8, 4], [8, 8])),
  attention: () => attentionTilings.register,
  norm: 'register',
};

function swiftShaderChoice(weights: MatmulWeights): KernelChoice {
  const large = weights === 'packed-f16' ? subgroupTiling([32, 8], [8, 4]) : subgroupTiling([16, 16], [4, 4]);
  return {
    ...plainChoice,
    matmul: ({ rows }) => {
      if (rows <= fewRows) return subgroupTiling([4, 4], [8, 8]);
      return rows <= someRows ? subgroupTiling([8, 4], [16, 4]) : large;
    },
    attention: ({ tokens }) => (tokens <= fewTokens ? attentionTilings.smallQuads : attentionTilings.largeQuads),
  };
}

/** Also of software adapters that nobody has measured. */
function lavapipeChoice(weights: MatmulWeights): KernelChoice {
  const tall = subgroupTiling([16, 4], [8, 4]);
  const large = {
    f32: tall,
    'packed-f16': tall,
    f16: subgroupTiling([16, 16], [4, 4]),
    int8: subgroupTiling([16, 8], [8, 4]),
  };
  return {
    ...plainChoice,
    matmul: ({ rows, K, N }) => {
      if (rows <= fewRows) return subgroupTiling([4, 4], [8, 8]);
      if (weights === 'f32' && rows < manyRows) return subgroupTiling([8, 4], [16, 4]);
      if (rows <= someRows) return subgroupTiling([8, 8], [8, 8]);
      return weights === 'f32' && K * N >= largeMatrix ? subgroupTiling([16, 4], [4, 8]) : large[weights];
    },
    attention: () => attentionTilings.quads,
  };
}

/** The same matmul tiling at every size; the rest runs everywhere. */
export function fixedChoice(tiling: MatmulTiling): KernelChoice {
  return { ...plainChoice, matmul: () => tiling };
}
