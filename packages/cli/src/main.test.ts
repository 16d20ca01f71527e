import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const runner = fileURLToPath(new URL('../../../scripts/run.mjs', import.meta.url));

it('ends without a word, and not as if it had succeeded, when nobody reads its output', async () => {
  const child = spawn(process.execPath, [runner, 'webdit', 'help']);
  child.stdout.destroy();
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  // The first run also builds the command, and says so.
  expect(errors).not.toMatch(/EPIPE|error/i);
  expect(code).toBe(141);
}, 120_000);
