import { expect, test } from 'vitest';
import { randomValues, runKernel, worstError } from '../../testing/run-kernel.ts';
import { flatWorkgroups } from '../common/kernel.ts';
import { conditionConstants, conditionParams, conditionVariants } from './index.ts';
import { conditionReference } from './reference.ts';

// Four times the worst measured, 1.6e-7.
const tolerance = 6.5e-7;

test.each(conditionVariants.map((kernel) => [kernel.name, kernel] as const))('%s', async (_, kernel) => {
  const C = 36;
  const pairs = [
    [0, 2],
    [0, 4],
    [1, 2],
    [1, 4],
    [2, 0],
  ] as const;
  const time = randomValues(3 * C, 1).map((v) => 6 * v);
  const labels = randomValues(5 * C, 2);
  const expected = conditionReference(time, labels, pairs.slice(2), C);
  const run = async (firstLabel: number, count: number, activation?: 'none') => {
    const [output] = await runKernel({
      kernel,
      constants: conditionConstants(C, activation),
      params: conditionParams(3, { firstLabel, labels: count }),
      workgroups: flatWorkgroups((3 * C) / 4),
      storage: [time, labels.slice(firstLabel * C, (firstLabel + count) * C), Uint32Array.from(pairs.flat()), 3 * C],
      step: { conditionRow: 2 },
    });
    return output as Float32Array;
  };
  expect(worstError(await run(0, 5), expected)).toBeLessThan(tolerance);
  const sums = conditionReference(time, labels, pairs.slice(2), C, 'none');
  expect(worstError(await run(0, 5, 'none'), sums)).toBeLessThan(tolerance);
  // In parts, each row comes from the one that holds its label.
  const [low, high] = [await run(0, 3), await run(3, 2)];
  expect([...low.subarray(C, 2 * C)]).toEqual(Array(C).fill(0));
  expect(
    worstError(
      low.map((value, i) => value + (high[i] as number)),
      expected,
    ),
  ).toBeLessThan(tolerance);
});
