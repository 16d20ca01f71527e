import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { getPolicy, policyNames } from '../packages/core/src/index.ts';
import { repositoryPath } from '../testing/repository.ts';

const page = readFileSync(repositoryPath('docs/cache-policies.md'), 'utf8');
const [, table = ''] = page.split('## Which there are');
const rows = [...table.matchAll(/^\| `([\w+-]+)` \| (.*?) \|/gm)].map(([, name, written = '']) => ({ name, written }));

test('every cache policy has a row, and every row a policy', () => {
  expect(rows.map(({ name }) => name).sort()).toEqual(policyNames().sort());
});

test('settings are written as the policies read them', () => {
  for (const { written } of rows) {
    for (const [, text = ''] of written.matchAll(/`([^`]+)`/g)) {
      const [name = '', settings] = text.split(':');
      expect(getPolicy(name).name).toBe(name);
      if (settings !== undefined) expect(getPolicy(name).parse?.(settings), text).toBeTypeOf('object');
    }
  }
});
