import { expect, test } from 'vitest';
import { randomValues, runKernel } from '../../testing/run-kernel.ts';
import { selectTokensConstants, selectTokensParams, selectTokensVariants, selectTokensWorkgroups } from './index.ts';
import { type SelectTokensSize, selectTokensReference } from './reference.ts';

const plain: SelectTokensSize = {
  batch: 2,
  tokens: 64,
  columns: 8,
  planes: 2,
  selected: 9,
  window: 1,
  shared: false,
  reset: true,
  aged: 0,
  sign: 1,
  staleness: 0,
  bonusRatio: 0,
};

const cases: { name: string; size: SelectTokensSize; levels?: number }[] = [
  { name: 'top k by score', size: plain },
  { name: 'ties go to the lower index', size: plain, levels: 3 },
  { name: 'all tokens', size: { ...plain, selected: 64 } },
  { name: 'one token of one', size: { ...plain, tokens: 1, columns: 1, selected: 1 } },
  { name: 'lowest scores first', size: { ...plain, sign: -1 } },
  { name: 'shared between the rows of a CFG pair', size: { ...plain, shared: true } },
  { name: 'staleness of ages kept', size: { ...plain, reset: false, staleness: 0.0625 } },
  { name: 'staleness after steps that selected nothing', size: { ...plain, aged: 2, staleness: 0.0625 } },
  { name: 'bonus in 2 x 2 windows', size: { ...plain, window: 2, bonusRatio: 0.6 } },
  { name: 'bonus among equals', size: { ...plain, window: 2, bonusRatio: 0.6 }, levels: 3 },
  {
    name: 'bonus in 4 x 4 windows',
    size: { ...plain, tokens: 256, columns: 16, selected: 77, window: 4, bonusRatio: 0.4 },
  },
  { name: 'bonus on a wide grid', size: { ...plain, columns: 16, window: 4, bonusRatio: 0.4 } },
  {
    name: 'as many tokens as fit',
    size: { ...plain, tokens: 4096, columns: 64, selected: 1000, window: 4, bonusRatio: 0.4, shared: true },
  },
  {
    name: 'everything, more tokens than lanes',
    size: {
      ...plain,
      tokens: 1024,
      columns: 32,
      selected: 300,
      window: 2,
      bonusRatio: 0.6,
      reset: false,
      aged: 1,
      staleness: 0.0625,
    },
  },
];

const runs = selectTokensVariants.flatMap((kernel) => cases.map((entry) => ({ kernel, ...entry })));

test.each(runs)('$kernel.name: $name', async ({ kernel, size, levels }) => {
  const count = size.batch * size.planes * size.tokens;
  // Few levels, exact in f32, make equal sums; without levels no two scores are equal.
  const scores = randomValues(count, 11).map((v) => (levels ? 1 + Math.floor(((v + 1) / 2) * levels) : v + 1));
  const ages = Uint32Array.from(randomValues(size.batch * size.tokens, 12), (v) => Math.floor((v + 1) * 2.5));
  const outputs = await runKernel({
    kernel,
    constants: selectTokensConstants(size.tokens),
    params: selectTokensParams(size),
    workgroups: selectTokensWorkgroups(size.batch),
    storage: [scores, ages, size.batch * size.tokens],
  });
  const [agesAfter, ids] = outputs.map((output) => new Uint32Array(output.buffer)) as [Uint32Array, Uint32Array];
  const expected = selectTokensReference(scores, ages, size);
  for (let b = 0; b < size.batch; b++) {
    const found = [...ids.subarray(b * size.tokens, b * size.tokens + size.selected)];
    expect(found).toEqual(expected.ids[b]);
  }
  expect([...agesAfter]).toEqual(expected.ages);
});
