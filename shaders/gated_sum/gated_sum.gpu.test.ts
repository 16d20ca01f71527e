import { expect, test } from 'vitest';
import { randomValues, runKernel, worstError } from '../../testing/run-kernel.ts';
import { flatWorkgroups } from '../common/kernel.ts';
import { gatedSumConstants, gatedSumParams, gatedSumVariants } from './index.ts';
import { gatedSumReference } from './reference.ts';

// Four times the worst measured, 1.5e-6 over 56 entries.
const tolerance = 6e-6;

const depth = 28;
const modulationRows = 4;
const modulationRow = 1;
const firstWeight = 5;

test.each(
  gatedSumVariants.flatMap((kernel) =>
    [
      { rows: 1, tokens: 1, C: 4, branches: 2, first: 0, count: 56, slabFirst: 0 },
      { rows: 10, tokens: 5, C: 36, branches: 2, first: 0, count: 43, slabFirst: 0 },
      { rows: 10, tokens: 5, C: 36, branches: 3, first: 0, count: 84, slabFirst: 0 },
      { rows: 34, tokens: 17, C: 48, branches: 3, first: 7, count: 3, slabFirst: 5 },
    ].map((size) => ({ kernel, ...size })),
  ),
)(
  '$kernel.name: entries $first + $count of a slab from $slabFirst, $rows x $C, $branches branches',
  async ({ kernel, ...size }) => {
    const { rows, C, first, count, slabFirst } = size;
    const hidden = randomValues(rows * C, 1);
    const modulation = randomValues(depth * modulationRows * 6 * C, 2);
    const slab = randomValues((first + count - slabFirst) * rows * C, 3);
    const weights = randomValues(firstWeight + 3 * depth, 4);
    const run = async (from: number, entries: number, start: Float32Array) => {
      const [output] = await runKernel({
        kernel,
        constants: gatedSumConstants(size),
        params: gatedSumParams({ ...size, first: from, count: entries, modulationRows, firstWeight }),
        workgroups: flatWorkgroups((rows * C) / 4),
        storage: [start, modulation, slab, weights],
        step: { modulationRow },
      });
      return output as Float32Array;
    };
    const fused = await run(first, count, hidden);
    const expected = gatedSumReference(hidden, modulation, slab, weights, {
      ...size,
      ...{ modulationRows, modulationRow, firstWeight },
    });
    expect(worstError(fused, expected)).toBeLessThan(tolerance);
    // A pass per entry, as the blocks would add them, gives the same bytes.
    let stepwise = hidden;
    for (let entry = first; entry < first + count; entry++) stepwise = await run(entry, 1, stepwise);
    expect([...stepwise]).toEqual([...fused]);
  },
);
