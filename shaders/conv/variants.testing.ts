import { describe, expect, test } from 'vitest';
import { transposed } from '../../testing/matrices.ts';
import { packHalves, randomValues, runKernel, unpackHalves, worstError } from '../../testing/run-kernel.ts';
import { runnableHere } from '../../testing/runnable.ts';
import type { Kernel } from '../common/kernel.ts';
import { type MatmulTiling, matmulTileRows, matmulWorkgroups } from '../matmul/index.ts';
import { convInputRows, convParams, convTilings } from './index.ts';
import { convReference } from './reference.ts';

// Four times the worst measured, 3.0e-6 of sums of up to 1296 products.
const tolerance = 1.2e-5;

const sizes = [
  { height: 1, width: 1, K: 4, N: 4 },
  { height: 3, width: 5, K: 4, N: 36 },
  { height: 6, width: 11, K: 36, N: 8 },
  { height: 4, width: 9, K: 144, N: 68 },
];

/** Registers the tests of convolutions against the f64 reference; those this adapter cannot run are named and left out. */
export async function testConvVariants(variants: readonly Kernel[]): Promise<void> {
  const runnable = await runnableHere(variants);
  describe.each(runnable.map((kernel) => [kernel.name, kernel] as const))('%s', (name, kernel) => {
    const packs = name.endsWith('packed-f16');
    const tiling = convTilings.find((t) => name.startsWith(`conv.${t.name}.`)) as MatmulTiling;
    const tileRows = matmulTileRows(tiling);

    test.each(sizes.flatMap((size) => [false, true].map((upsample) => ({ ...size, upsample }))))(
      '$height x $width pixels, $K to $N channels, upsample $upsample',
      async ({ upsample, ...size }) => {
        const { K, N } = size;
        const input = randomValues(size.height * size.width * K, 1);
        const weights = randomValues(9 * K * N, 2);
        const bias = randomValues(N, 3);
        const stored = packs ? packHalves(transposed(weights, N)) : transposed(weights, N);
        const rounded = packs ? unpackHalves(packHalves(weights)) : weights;
        const expected = convReference(input, rounded, bias, { ...size, upsample });
        const scale = upsample ? 2 : 1;
        const [height, width] = [size.height * scale, size.width * scale];
        const before = randomValues(height * width * N, 4);
        // Two parts, of whole rows each, into buffers of their own that begin with their first row.
        const middle = Math.ceil(height / 2);
        for (const [first, end] of [[0, middle] as const, [middle, height] as const].filter(([a, b]) => a < b)) {
          const [inputFirst, inputEnd] = convInputRows(first, end, upsample);
          const rows = [first, end] as const;
          const accumulate = first > 0;
          const place = { rows, inputFirst, outputFirst: first, width, K, N, upsample, accumulate };
          const pixels = [first * width * N, end * width * N] as const;
          const run = async (firstPixel: number) => {
            const [output] = await runKernel({
              kernel,
              params: convParams(place, firstPixel),
              workgroups: matmulWorkgroups(tiling, (end - first) * width - firstPixel, N),
              storage: [
                bordered(input, size).subarray(inputFirst * (size.width + 2) * K, inputEnd * (size.width + 2) * K),
                stored,
                bias,
                before.slice(...pixels),
              ],
            });
            return output as Float32Array;
          };
          const output = await run(0);
          const wanted = expected
            .slice(...pixels)
            .map((v, i) => (accumulate ? v + (before[pixels[0] + i] as number) : v));
          expect(worstError(output, wanted)).toBeLessThan(tolerance);
          if ((end - first) * width <= tileRows) continue;
          // A dispatch of the pixels from the second tile on.
          const rest = await run(tileRows);
          const begin = tileRows * N;
          expect(rest.subarray(0, begin)).toEqual(before.slice(...pixels).subarray(0, begin));
          expect(rest.subarray(begin)).toEqual(output.subarray(begin));
        }
      },
    );
  });
}

/** The pixels with one of zeros all around. */
function bordered(
  input: Float32Array,
  { height, width, K }: { height: number; width: number; K: number },
): Float32Array {
  const out = new Float32Array((height + 2) * (width + 2) * K);
  for (let y = 0; y < height; y++) {
    out.set(input.subarray(y * width * K, (y + 1) * width * K), ((y + 1) * (width + 2) + 1) * K);
  }
  return out;
}
