import { describe, expect, test } from 'vitest';
import { randomValues, runKernel, worstError } from '../../testing/run-kernel.ts';
import { flatWorkgroups } from '../common/kernel.ts';
import * as groupNorm from './index.ts';
import { groupNormReference } from './reference.ts';

// Four times the worst measured, 9.6e-7.
const tolerance = 4e-6;
// Twice the worst measured, 6.1e-5: the rounding of the values' mean in f32 alone (6e-8 of 1e-3) costs that much.
const flatTolerance = 1.3e-4;

const epsilon = 1e-6;
const sizes = [
  { height: 1, width: 1, channels: 4, groups: 1 },
  { height: 3, width: 5, channels: 32, groups: 32 },
  { height: 7, width: 13, channels: 36, groups: 6 },
  { height: 16, width: 20, channels: 64, groups: 8 },
];

/** Bands of a picture: two rows and the rest. */
const bandsOf = (height: number) => (height > 2 ? [2, height - 2] : [height]);

async function table(input: Float32Array, weight: Float32Array, bias: Float32Array, size: (typeof sizes)[number]) {
  const { height, width, channels, groups } = size;
  const [statistics, combine] = groupNorm.groupNormVariants as [
    (typeof groupNorm.groupNormVariants)[number],
    (typeof groupNorm.groupNormVariants)[number],
  ];
  const bands = bandsOf(height);
  const total = bands.reduce((sum, rows) => sum + groupNorm.groupNormChunks(rows * width), 0);
  const chunks = new Float32Array(groupNorm.groupNormChunkElements(total, channels));
  let first = 0;
  let row = 0;
  for (const rows of bands) {
    const pixels = rows * width;
    const [found] = await runKernel({
      kernel: statistics,
      params: groupNorm.groupNormStatisticsParams({ channels, pixels, first }),
      workgroups: flatWorkgroups(groupNorm.groupNormItems(pixels, channels)),
      storage: [input.slice(row * width * channels, (row + rows) * width * channels), chunks],
    });
    chunks.set(found as Float32Array);
    first += groupNorm.groupNormChunks(pixels);
    row += rows;
  }
  const [result] = await runKernel({
    kernel: combine,
    constants: groupNorm.groupNormCombineConstants(epsilon),
    params: groupNorm.groupNormCombineParams({ channels, groups, chunks: total }),
    workgroups: [groups, 1, 1],
    storage: [chunks, weight, bias, 3 * channels],
  });
  return result as Float32Array;
}

async function apply(
  input: Float32Array,
  values: Float32Array,
  mode: groupNorm.GroupNormMode,
  rows: groupNorm.GroupNormRows,
) {
  const { channels, width, border } = rows;
  const items = rows.rows * (width + 2 * border) * channels;
  const [output] = await runKernel({
    kernel: groupNorm.groupNormApplyKernel,
    constants: groupNorm.groupNormApplyConstants(mode),
    params: groupNorm.groupNormApplyParams(rows),
    workgroups: flatWorkgroups(items / 4),
    storage: [input, values, randomValues((rows.outputFirst + rows.rows) * (width + 2 * border) * channels, 9)],
  });
  return output as Float32Array;
}

describe.each(sizes)('$height x $width pixels, $channels channels in $groups groups', (size) => {
  const { height, width, channels } = size;
  const weight = randomValues(channels, 2);
  const bias = randomValues(channels, 3);
  const whole = { channels, width, border: 0, rows: height, above: 0, copied: height, inputFirst: 0, outputFirst: 0 };

  test.each(['norm', 'silu'] as const)('%s in two bands', async (mode) => {
    const input = randomValues(height * width * channels, 1).map((v, i) => v + (i % channels) / 8);
    const found = await apply(input, await table(input, weight, bias, size), mode, whole);
    const expected = groupNormReference(input, weight, bias, { ...size, epsilon, silu: mode === 'silu' });
    expect(worstError(found, expected)).toBeLessThan(tolerance);
  });

  test('values of variance 1e-6 around 1', async () => {
    const input = randomValues(height * width * channels, 4).map((v) => 1 + 1.7e-3 * v);
    const found = await apply(input, await table(input, weight, bias, size), 'norm', whole);
    const expected = groupNormReference(input, weight, bias, { ...size, epsilon, silu: false });
    expect(worstError(found, expected)).toBeLessThan(flatTolerance);
  });

  test('writes zeros around the rows it copies, and nothing before them', async () => {
    const input = randomValues(height * width * channels, 5);
    const rows = { ...whole, border: 1, rows: height + 2, above: 1, copied: height - 1, inputFirst: 1, outputFirst: 2 };
    const length = (width + 2) * channels;
    const found = await apply(input, new Float32Array(3 * channels), 'copy', rows);
    const expected = randomValues((height + 4) * length, 9).fill(0, 2 * length);
    for (let row = 0; row < height - 1; row++) {
      expected.set(
        input.subarray((row + 1) * width * channels, (row + 2) * width * channels),
        (row + 3) * length + channels,
      );
    }
    expect([...found]).toEqual([...expected]);
  });
});
