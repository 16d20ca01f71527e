import { expect, test } from 'vitest';
import { verifyGolden } from './goldens.ts';

// SwiftShader needs about 15 s alone on two cores, most of it compiling shaders.
const timeout = 180_000;

test.each(['dit-original-tiny', 'dit-diffusers-tiny', 'procache-28-tiny'])(
  'webdit verify passes on %s',
  { timeout },
  async (folder) => {
    const { exitCode, lastLine, output } = await verifyGolden(folder);
    expect(lastLine, output).toMatch(/^PASS worst \S+ \S+\/\S+$/);
    expect(exitCode).toBe(0);
  },
);
