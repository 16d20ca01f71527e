import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';

const url = (name: string) => JSON.stringify(new URL(name, import.meta.url).href);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'webdit-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Runs the stage in CI, on a PATH with no more than `python3`, which says `complaint`. */
function runStage(complaint: string, env: Record<string, string> = {}) {
  writeFileSync(join(folder, 'python3'), `#!/bin/sh\necho '${complaint}' >&2\nexit 1\n`, { mode: 0o755 });
  const script = `import { runSuite } from ${url('./suite.mjs')}; import { training } from ${url('./training.mjs')};
    await runSuite([training], 1);`;
  const options = { env: { PATH: folder, CI: 'true', ...env }, encoding: 'utf8' } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], options);
  return { status, stderr: stderr.trim(), lines: stdout.trimEnd().split('\n') };
}

it.skipIf(process.platform === 'win32')('does not run without PyTorch, says so, and fails nobody for it', () => {
  const { status, lines } = runStage('No module named torch');
  expect(lines.slice(-2)).toEqual([
    '!! not run here: training/: python3 says "No module named torch". training/README.md says how to install what it needs.',
    '0 passed, 0 failed',
  ]);
  expect(lines.filter((line) => line.includes('absent'))).toHaveLength(2);
  expect(status).toBe(0);
});

it('fails where WEBDIT_PYTHON promises PyTorch and there is none', () => {
  const { status, stderr, lines } = runStage('', { WEBDIT_PYTHON: 'nowhere/python' });
  expect(stderr).toBe('WEBDIT_PYTHON is set, but there is no nowhere/python. Correct it or unset it.');
  expect({ status, last: lines.at(-1) }).toEqual({ status: 1, last: '0 passed, 1 failed' });
});
