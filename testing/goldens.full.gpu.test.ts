import { expect, test } from 'vitest';
import { tinyGoldens, verifyGolden } from './goldens.ts';

// No buffer of emoji-dit comes near the cap of 8 MiB: under it the small goldens are enough.
const folders = process.env.WEBDIT_MAX_BINDING ? tinyGoldens.full : ['emoji-dit', ...tinyGoldens.full];

test.each(folders)('webdit verify passes on %s, all runs and steps', async (folder) => {
  const { exitCode, lastLine, output } = await verifyGolden(folder);
  expect(lastLine, output).toMatch(/^PASS worst \S+ \S+\/\S+$/);
  expect(exitCode).toBe(0);
});

// Weights and products in halves: the golden has targets of their own, four times what was measured.
test.each(tinyGoldens.f16)('webdit verify passes on %s in f16', async (folder) => {
  const { exitCode, lastLine, output } = await verifyGolden(folder, ['--dtype', 'f16', '--math', 'f16']);
  expect(lastLine, output).toMatch(/^PASS worst \S+ \S+\/\S+$/);
  expect(exitCode).toBe(0);
});
