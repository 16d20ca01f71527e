import { expect, test } from 'vitest';
import { tinyGoldens, verifyGolden } from './goldens.ts';

test.each(['emoji-dit', ...tinyGoldens.full])('webdit verify passes on %s, all runs and steps', async (folder) => {
  const { exitCode, lastLine, output } = await verifyGolden(folder);
  expect(lastLine, output).toMatch(/^PASS worst \S+ \S+\/\S+$/);
  expect(exitCode).toBe(0);
});
