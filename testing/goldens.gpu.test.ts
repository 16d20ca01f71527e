import { expect, test } from 'vitest';
import { tinyGoldens, verifyGolden } from './goldens.ts';

// SwiftShader needs about 15 s alone on two cores, most of it compiling shaders.
const timeout = 180_000;

test.each(tinyGoldens.smoke)('webdit verify passes on %s', { timeout }, async (folder) => {
  const { exitCode, lastLine, output } = await verifyGolden(folder);
  expect(lastLine, output).toMatch(/^PASS worst \S+ \S+\/\S+$/);
  expect(exitCode).toBe(0);
});
