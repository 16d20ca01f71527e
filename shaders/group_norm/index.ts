import { type Kernel, type KernelConstants, wgslModule } from '../common/kernel.ts';
import reduceSource from '../common/reduce.wgsl?raw';
import applySource from './kernel.apply.wgsl?raw';
import combineSource from './kernel.combine.wgsl?raw';
import statisticsSource from './kernel.statistics.wgsl?raw';

const kernel = (name: string, source: string, storage: Kernel['storage']): Kernel => ({
  name: `group_norm.${name}`,
  op: 'group_norm',
  source,
  storage,
  usesStep: false,
  files: [`group_norm/kernel.${name}.wgsl`],
});

/** Means and squared differences of a band's channels. Storage: input, chunks. Dispatch flat over `groupNormItems`. */
export const groupNormStatisticsKernel = kernel('statistics', statisticsSource, ['read', 'read_write']);

/** Storage: chunks, weight, bias, table. Dispatch a workgroup a group. */
export const groupNormCombineKernel: Kernel = {
  ...kernel('combine', wgslModule([combineSource, reduceSource]), ['read', 'read', 'read', 'read_write']),
  files: ['group_norm/kernel.combine.wgsl', 'common/reduce.wgsl'],
};

/** Norms rows of pixels, or copies them. Storage: input, table, output. Dispatch flat over all that is written, / 4. */
export const groupNormApplyKernel = kernel('apply', applySource, ['read', 'read', 'read_write']);

export const groupNormVariants: readonly Kernel[] = [
  groupNormStatisticsKernel,
  groupNormCombineKernel,
  groupNormApplyKernel,
];

/** Pixels of a chunk, as kernel.statistics.wgsl has them. */
const chunkPixels = 256;

/** Chunks of a band. */
export function groupNormChunks(pixels: number): number {
  return Math.ceil(pixels / chunkPixels);
}

/** Elements of the buffer of all of a picture's chunks. */
export function groupNormChunkElements(chunks: number, channels: number): number {
  return chunks * (2 * channels + 4);
}

/** Invocations of one band's statistics. */
export function groupNormItems(pixels: number, channels: number): number {
  return groupNormChunks(pixels) * (channels / 4);
}

/** @param p.first chunk of the picture that this band begins with. */
export function groupNormStatisticsParams(p: { channels: number; pixels: number; first: number }): Uint32Array {
  return Uint32Array.of(p.channels / 4, p.pixels, p.first);
}

export function groupNormCombineConstants(epsilon: number): KernelConstants {
  return { EPSILON: epsilon };
}

export function groupNormCombineParams(p: { channels: number; groups: number; chunks: number }): Uint32Array {
  return Uint32Array.of(p.channels, p.channels / p.groups, p.chunks);
}

const modes = { copy: 0, norm: 1, silu: 2 } as const;

/** What happens to pixels on their way: nothing, the norm, or the norm and SiLU. */
export type GroupNormMode = keyof typeof modes;

export function groupNormApplyConstants(mode: GroupNormMode): KernelConstants {
  return { MODE: modes[mode] };
}

/** Rows of pixels and where they lie; zeros are written around them. */
export interface GroupNormRows {
  readonly channels: number;
  readonly width: number;
  /** Pixels of zeros before and after each row. */
  readonly border: number;
  /** Rows to write: `above` of zeros, `copied` of the input, and zeros for the rest. */
  readonly rows: number;
  readonly above: number;
  readonly copied: number;
  readonly inputFirst: number;
  readonly outputFirst: number;
}

export function groupNormApplyParams(p: GroupNormRows): Uint32Array {
  return Uint32Array.of(p.channels / 4, p.width, p.border, p.rows, p.above, p.copied, p.inputFirst, p.outputFirst);
}
