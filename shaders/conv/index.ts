import type { Kernel } from '../common/kernel.ts';
import { tiledKernel } from '../matmul/tiled.ts';
import { type MatmulTiling, matmulTilings } from '../matmul/tilings.ts';
import epiloguePixels from './epilogue.pixels.wgsl?raw';
import rowsPixels from './rows.pixels.wgsl?raw';

/** Weights of a convolution: f32, or halves in f32 math. */
export const convWeights = ['f32', 'packed-f16'] as const;
export type ConvWeights = (typeof convWeights)[number];

const rows = { file: 'conv/rows.pixels.wgsl', source: rowsPixels };
const end = { file: 'conv/epilogue.pixels.wgsl', source: epiloguePixels, storage: ['read_write'] } as const;

const made = new Map<string, Kernel>();

/**
 * 3 x 3 convolution of bordered pixels, by the tiles of a matmul: any tiling but those that split K. Storage: input, weights
 * `[channels in x 9, channels out]` (PyTorch's, transposed), bias, output. Workgroups as `matmulWorkgroups` has them, pixels being rows.
 */
export function convKernel(tiling: MatmulTiling, weights: ConvWeights): Kernel {
  const name = `conv.${tiling.name}.${weights}`;
  const kernel = made.get(name) ?? tiledKernel({ name, op: 'conv', tiling, weights, rows, end });
  made.set(name, kernel);
  return kernel;
}

export const convTilings = matmulTilings.filter(({ memory }) => memory !== 'split-k');

export const convVariants: readonly Kernel[] = convTilings.flatMap((tiling) =>
  convWeights.map((weights) => convKernel(tiling, weights)),
);

/** Rows of the bordered input, first and last + 1, that the output rows `first .. end` read; its row 0 is the border. */
export function convInputRows(first: number, end: number, upsample: boolean): readonly [first: number, end: number] {
  const u = Number(upsample);
  return [(first + u) >> u, ((end + 1 + u) >> u) + 1];
}

/** Rows of a convolution's output, and the bordered input they read, in rows of the whole pictures. */
export interface ConvRows {
  readonly rows: readonly [first: number, end: number];
  /** Row of the bordered picture that the input buffer begins with. */
  readonly inputFirst: number;
  /** Row that the output buffer begins with. */
  readonly outputFirst: number;
  /** Pixels of an output row. */
  readonly width: number;
  /** Channels in and out, multiples of 4. */
  readonly K: number;
  readonly N: number;
  /** Reads an input of half the width and height. */
  readonly upsample: boolean;
  /** Adds to what the output holds. */
  readonly accumulate: boolean;
}

/** @param firstPixel of the dispatch, counted from the first row on. */
export function convParams(p: ConvRows, firstPixel = 0): Uint32Array {
  const { width, K, N, upsample, accumulate, inputFirst, outputFirst } = p;
  const [first, end] = p.rows;
  const inputWidth = (upsample ? width / 2 : width) + 2;
  return Uint32Array.of(
    (end - first) * width,
    K / 4,
    N / 4,
    firstPixel,
    (first - outputFirst) * width,
    width,
    first,
    inputWidth,
    inputFirst,
    Number(upsample),
    Number(accumulate),
    9,
  );
}
