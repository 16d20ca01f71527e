import { wgslConstants } from '../common/constants.ts';
import { type Kernel, type Workgroups, wgslModule } from '../common/kernel.ts';
import { unroll } from '../common/unroll.ts';
import registerKernel from './kernel.register.wgsl?raw';
import smallKernel from './kernel.small.wgsl?raw';
import workgroupKernel from './kernel.workgroup.wgsl?raw';
import quadKeys from './keys.quads.wgsl?raw';
import storageKeys from './keys.storage.wgsl?raw';
import paramsSource from './params.wgsl?raw';
import crossSource from './source.cross.wgsl?raw';
import selfSource from './source.self.wgsl?raw';
import { type AttentionTiling, attentionTilings } from './tilings.ts';

export { type AttentionNumericCheck, attentionNumericCheck } from './numeric-check.ts';
export * from './tilings.ts';

/** Largest head dim: its tiles of 16 keys fit 16 KiB of workgroup memory. */
export const maxHeadDim = 128;

/** Bytes of workgroup memory every WebGPU adapter has. */
const workgroupBytes = 16384;

const sources = {
  self: { text: selfSource, file: 'attention/source.self.wgsl', storage: ['read', 'read_write', 'read_write'] },
  cross: {
    text: crossSource,
    file: 'attention/source.cross.wgsl',
    storage: ['read', 'read', 'read', 'read_write', 'read_write'],
  },
} as const;

export type AttentionSource = keyof typeof sources;

export interface AttentionVariant {
  /** A multiple of 4, at most `maxHeadDim`. */
  readonly headDim: number;
  readonly tiling: AttentionTiling;
  readonly source: AttentionSource;
}

export interface AttentionSize {
  readonly batch: number;
  /** Queries of a batch row. */
  readonly tokens: number;
  readonly heads: number;
}

/** A part of an attention that one dispatch computes. */
export interface AttentionPart {
  readonly first?: number;
  readonly count?: number;
}

/**
 * Attention for one head dim. Storage of `self`: qkv, output, log-sum-exp; of `cross`: q, kv, mask, output,
 * log-sum-exp. Layouts are in the sources' files.
 */
export function attentionKernel({ headDim, tiling, source }: AttentionVariant): Kernel {
  const { text, file, storage } = sources[source];
  const parts = kernelParts(tiling, headDim);
  const features = tiling.subgroups ? (['subgroups'] as const) : [];
  return {
    name: `attention.${tiling.name}.${source}.d${headDim}`,
    op: 'attention',
    source: wgslModule([constants(tiling, headDim), paramsSource, text, ...parts.texts], features),
    storage,
    usesStep: false,
    ...(tiling.subgroups ? { features } : {}),
    files: ['attention/params.wgsl', file, ...parts.files],
  };
}

/** What follows the params and the source. */
function kernelParts(tiling: AttentionTiling, headDim: number): { texts: string[]; files: string[] } {
  const { memory, queries: q, keys } = tiling;
  if (memory === 'workgroup') {
    const m = headDim / 4 / splitOf(tiling, headDim);
    return { texts: [unroll(workgroupKernel, { m, j: 4, q })], files: ['attention/kernel.workgroup.wgsl'] };
  }
  const [keyText, keyFile] = tiling.subgroups
    ? [quadKeys, 'attention/keys.quads.wgsl']
    : [storageKeys, 'attention/keys.storage.wgsl'];
  if (memory === 'small') return { texts: [keyText, smallKernel], files: [keyFile, 'attention/kernel.small.wgsl'] };
  return {
    texts: [keyText, unroll(registerKernel, { b: keys / 4, q })],
    files: [keyFile, 'attention/kernel.register.wgsl'],
  };
}

function constants(tiling: AttentionTiling, headDim: number): string {
  const { memory, queries, lanes, keys } = tiling;
  const shared = { HEAD_DIM4: headDim / 4, LANES: lanes, GROUP_QUERIES: groupQueries(tiling) };
  if (memory === 'register') return wgslConstants({ ...shared, QUERIES: queries, KEYS: keys });
  const split = splitOf(tiling, headDim);
  const divided = { ...shared, SPLIT: split, INVOCATIONS: lanes * split };
  return wgslConstants(memory === 'small' ? { ...divided, KEYS: keys } : divided);
}

/** Invocations that share their queries: for `workgroup`, the most that divide the work and whose tile fits. */
function splitOf(tiling: AttentionTiling, headDim: number): number {
  if (tiling.memory !== 'workgroup') return tiling.split;
  const dim4 = headDim / 4;
  const fits = (split: number) => {
    const tile = 4 * split * (dim4 | 1) * 16;
    return tile + split * groupQueries(tiling) * (16 + 4) <= workgroupBytes;
  };
  let { split } = tiling;
  while (dim4 % split !== 0 || !fits(split)) split--;
  return split;
}

function groupQueries({ queries, lanes }: AttentionTiling): number {
  return queries * lanes;
}

/** `keys` is `tokens` in self-attention. `first`: the workgroup of the whole attention that this dispatch starts with. */
export function attentionParams(p: {
  tokens: number;
  keys?: number;
  heads: number;
  headDim: number;
  first?: number;
}): Uint32Array {
  const params = Uint32Array.of(p.tokens, p.keys ?? p.tokens, p.heads, 0, p.first ?? 0, p.headDim / 4);
  new Float32Array(params.buffer)[3] = 1 / Math.sqrt(p.headDim);
  return params;
}

/** Workgroups of a whole attention. */
export function attentionGroups(tiling: AttentionTiling, { batch, tokens, heads }: AttentionSize): number {
  return Math.ceil(tokens / groupQueries(tiling)) * heads * batch;
}

/** One dispatch: the workgroups from `first` (as in `attentionParams`), all that are left or `count` of them. */
export function attentionWorkgroups(
  tiling: AttentionTiling,
  { first = 0, count, ...size }: AttentionSize & AttentionPart,
): Workgroups {
  return [count ?? attentionGroups(tiling, size) - first, 1, 1];
}

export const attentionVariants: readonly Kernel[] = Object.values(attentionTilings).flatMap((tiling) =>
  (['self', 'cross'] as const).flatMap((source) =>
    [16, 24, 36, 64, 72, 128].map((headDim) => attentionKernel({ headDim, tiling, source })),
  ),
);
