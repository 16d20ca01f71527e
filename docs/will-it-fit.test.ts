import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { compileRunPlan, ditSampler, ditXl2 } from '../packages/core/src/index.ts';
import { adapterGrants } from '../packages/gpu/src/index.ts';
import { pathSource, planModel } from '../packages/webdit/src/node.ts';
import { MemoryTable } from '../packages/webdit/src/planning/memory-table.ts';
import { repositoryPath } from '../testing/repository.ts';

const dtypes = ['f32', 'f16', 'int8'] as const;
const [, section = ''] = readFileSync(repositoryPath('docs/model-folders.md'), 'utf8').split('## Will it fit?');
const tables = section.split('## ')[0]?.split('| --- |').slice(1) ?? [];

/** Rows of one of the tables: a policy, and its figures in MiB. */
function rows(table: number): { readonly policy: string; readonly figures: readonly string[] }[] {
  const found = [...(tables[table] ?? '').matchAll(/^\| (\S+) \| ([\d. |]+) \|$/gm)];
  expect(found.length).toBeGreaterThan(2);
  return found.map(([, policy = '', figures = '']) => ({ policy, figures: figures.split(' | ') }));
}

const mebibytes = (bytes: number | null | undefined) => ((bytes ?? Number.NaN) / 2 ** 20).toFixed(1);

test('the table of emoji-dit is what planModel says', async () => {
  const written = rows(0);
  const plan = await planModel(pathSource(repositoryPath('models/emoji-dit')), {
    dtype: dtypes,
    policies: written.map(({ policy }) => policy),
    numInferenceSteps: 50,
  });
  for (const [i, { policy, figures }] of written.entries()) {
    const planned = plan.dtypes.map(({ policies }) => policies[i]);
    const totals = planned.map((memory) => mebibytes(memory?.total));
    expect([policy, ...figures]).toEqual([
      policy,
      mebibytes(planned[0]?.activations),
      mebibytes(planned[0]?.kept),
      ...totals,
    ]);
  }
});

test('and that of DiT-XL/2 too', async () => {
  const memory = new MemoryTable(ditXl2, await adapterGrants(undefined));
  for (const { policy, figures } of rows(1)) {
    const run = { model: ditXl2, sampler: ditSampler, steps: 50, guidanceScale: 4, label: 1, cache: policy };
    const needs = dtypes.map((dtype) => memory.needs(dtype, compileRunPlan(run)));
    const totals = needs.map(({ total }) => mebibytes(total));
    expect([policy, ...figures]).toEqual([
      policy,
      mebibytes(needs[0]?.activations),
      mebibytes(needs[0]?.cache),
      ...totals,
    ]);
  }
});
