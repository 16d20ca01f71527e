import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { errorCodes } from '../packages/core/src/index.ts';
import { repositoryPath } from '../testing/repository.ts';

const page = readFileSync(repositoryPath('docs/troubleshooting.md'), 'utf8');
const sections = page.split(/^## /m).slice(1);

test('every error code has a section, in the order of the list, and no section is without a code', () => {
  const codes = sections.map((section) => /^`([a-z-]+)`\n/.exec(section)?.[1]);
  expect(codes).toEqual([...errorCodes]);
});

test('every section says what the code means, and more than its name', () => {
  for (const section of sections) {
    const [heading, ...words] = section.split(/\s+/);
    expect(words.length, heading).toBeGreaterThan(30);
  }
});
