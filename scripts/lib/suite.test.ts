import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';

const suite = JSON.stringify(new URL('./suite.mjs', import.meta.url).href);

/** Runs a suite of one stage, in a process of its own because it sets the exit code. */
function runStage(tally: object, ci: string, budgetMinutes = 1) {
  const script = `import { runSuite } from ${suite};
    await runSuite([{ name: 'one', run: async () => (${JSON.stringify(tally)}) }], ${budgetMinutes});`;
  const env = { ...process.env, CI: ci };
  const { status, stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], { env });
  return { status, lines: String(stdout).trimEnd().split('\n') };
}

it.each([
  ['a skipped test', { passed: 2, failed: 0, skipped: 1 }, '!! 1 skipped'],
  ['what could not run', { passed: 2, failed: 0, skipped: 0, notRun: ['no driver'] }, '!! not run here: no driver'],
])('says %s aloud, and fails for it in CI', (_, tally, line) => {
  const here = runStage(tally, '');
  expect(here.lines.slice(-2)).toEqual([line, '2 passed, 0 failed']);
  expect(here.status).toBe(0);
  const inCi = runStage(tally, 'true');
  expect(inCi.lines.slice(-2)).toEqual([line, '2 passed, 1 failed']);
  expect(inCi.status).toBe(1);
});

it.each([
  ['what nobody can expect of a machine', { unavailable: ['no PyTorch'] }, '!! not run here: no PyTorch'],
  ['what passed on another try', { retried: ['a.e2e.ts: paints'] }, '!! passed on another try: a.e2e.ts: paints'],
])('says aloud %s, and fails nowhere for it', (_, said, line) => {
  const tally = { passed: 2, failed: 0, skipped: 0, ...said };
  for (const ci of ['', 'true']) {
    const { status, lines } = runStage(tally, ci);
    expect({ status, last: lines.slice(-2) }).toEqual({
      status: 0,
      last: [line, '2 passed, 0 failed'],
    });
  }
});

it('names the failed tests next to the end, where a cut log still has them', () => {
  const { status, lines } = runStage({ passed: 1, failed: 1, skipped: 0, failures: ['a.test.ts: adds'] }, '');
  expect({ status, last: lines.slice(-2) }).toEqual({
    status: 1,
    last: ['!! failed: a.test.ts: adds', '1 passed, 1 failed'],
  });
});

it('says that it took longer than it may, and fails for it in CI', () => {
  const tally = { passed: 2, failed: 0, skipped: 0 };
  const here = runStage(tally, '', 0);
  expect(here.lines.at(-2)).toMatch(/^!! over budget: \d+\.\d s of 0 min$/);
  expect([here.status, runStage(tally, 'true', 0).lines.at(-1)]).toEqual([0, '2 passed, 1 failed']);
});

it('passes in CI with nothing left out', () => {
  const { status, lines } = runStage({ passed: 2, failed: 0, skipped: 0 }, 'true');
  expect({ status, last: lines.at(-1) }).toEqual({ status: 0, last: '2 passed, 0 failed' });
});
