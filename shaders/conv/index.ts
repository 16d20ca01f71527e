import { wgslConstants } from '../common/constants.ts';
import { type Kernel, type Workgroups, wgslModule } from '../common/kernel.ts';
import { unroll } from '../common/unroll.ts';
import weightsF32 from '../matmul/weights.f32.wgsl?raw';
import weightsPackedF16 from '../matmul/weights.packed-f16.wgsl?raw';
import kernelSource from './kernel.wgsl?raw';

/** Weights of a convolution: f32, or halves in f32 math. */
export type ConvWeights = 'f32' | 'packed-f16';

const weightSources: Readonly<Record<ConvWeights, string>> = { f32: weightsF32, 'packed-f16': weightsPackedF16 };

/** Pixels and channels of one invocation, in fours, and invocations along channels and pixels. */
const tile = { r: 2, c: 1, lanes: [8, 8] } as const;

/** Pixels of one row that an invocation computes: a block. */
export const convBlockPixels = 4 * tile.r;

function writeKernel(weights: ConvWeights): Kernel {
  const { r, c, lanes } = tile;
  const constants = wgslConstants({ LANES_X: lanes[0], LANES_Y: lanes[1], R: r, C: c });
  return {
    name: `conv.${weights}`,
    op: 'conv',
    source: wgslModule([constants, unroll(kernelSource, { r, c }), weightSources[weights]]),
    storage: ['read', 'read', 'read', 'read_write'],
    usesStep: false,
    files: ['conv/kernel.wgsl', `matmul/weights.${weights}.wgsl`],
  };
}

const kernels = { f32: writeKernel('f32'), 'packed-f16': writeKernel('packed-f16') };

export const convVariants: readonly Kernel[] = Object.values(kernels);

/** 3 x 3 convolution of bordered pixels. Storage: input, weights `[channels in x 9, channels out]`, bias, output. */
export function convKernel(weights: ConvWeights): Kernel {
  return kernels[weights];
}

/** Rows of the bordered input, first and last + 1, that the output rows `first .. end` read; its row 0 is the border. */
export function convInputRows(first: number, end: number, upsample: boolean): readonly [first: number, end: number] {
  const u = Number(upsample);
  return [(first + u) >> u, ((end + 1 + u) >> u) + 1];
}

/** Blocks of some rows of the output. */
export function convBlocks(width: number, rows: number): number {
  return rows * Math.ceil(width / convBlockPixels);
}

/**
 * Rows are counted in the whole pictures; `first` and `count` are blocks from `firstRow` on. `upsample` reads an input of half the width and
 * height, `accumulate` adds to what the output holds.
 */
export function convParams(p: {
  readonly width: number;
  readonly inputWidth: number;
  readonly inputFirst: number;
  readonly outputFirst: number;
  readonly firstRow: number;
  readonly first: number;
  readonly count: number;
  readonly K: number;
  readonly N: number;
  readonly upsample: boolean;
  readonly accumulate: boolean;
}): Uint32Array {
  const { width, inputWidth, inputFirst, outputFirst, firstRow, first, count, K, N } = p;
  const place = [width, inputWidth, inputFirst, outputFirst, firstRow, first, first + count];
  return Uint32Array.of(...place, K / 4, N / 4, Number(p.upsample), Number(p.accumulate), 9);
}

/** Workgroups of `count` blocks. */
export function convWorkgroups(count: number, N: number): Workgroups {
  return [Math.ceil(N / (4 * tile.c * tile.lanes[0])), Math.ceil(count / tile.lanes[1]), 1];
}
