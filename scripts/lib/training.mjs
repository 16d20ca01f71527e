import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runProgram } from './child.mjs';
import { root } from './paths.mjs';

const report = join(root, '.cache/reports/pytest.xml');

/** What the scripts and their tests import; PyTorch, which is looked for first, is the one that machines lack. */
const packages = 'torch, numpy, PIL, safetensors, onnx, onnx_ir, onnxscript, transformers, pytest, ruff, mypy';

const checks = [
  ['ruff', 'check', 'training'],
  ['ruff', 'format', '--check', 'training'],
  ['mypy', '--config-file', 'training/pyproject.toml', 'training'],
];

/**
 * The recipe in training/: its style, its tests, its smoke run. Nobody is asked to have PyTorch, not even CI: without it the
 * stage says aloud that it did not run. Where `WEBDIT_PYTHON` promises it, it must be there.
 */
export const training = {
  name: 'training',
  run: async () => {
    const promised = process.env.WEBDIT_PYTHON;
    const problem = whyNotRun(promised || 'python3');
    if (problem && promised) throw new Error(`WEBDIT_PYTHON is set, but ${problem}. Correct it or unset it.`);
    if (!problem) return test(promised || 'python3');
    const what = `training/: ${problem}. training/README.md says how to install what it needs.`;
    return { passed: 0, failed: 0, skipped: 0, unavailable: [what] };
  },
};

/** Why a Python cannot run the recipe; undefined when it can. */
function whyNotRun(python) {
  const { status, error, stderr } = spawnSync(python, ['-c', `import ${packages}`], { encoding: 'utf8' });
  if (error) return `there is no ${python}`;
  return status === 0 ? undefined : `${python} says "${stderr.trim().split('\n').at(-1) || `exit code ${status}`}"`;
}

async function test(python) {
  mkdirSync(dirname(report), { recursive: true });
  rmSync(report, { force: true });
  // Threads that wait for each other must not spin: on a busy machine that makes the run ten times slower.
  const options = { env: { OMP_WAIT_POLICY: 'passive' } };
  const runModule = (args) => runProgram(python, ['-m', ...args], options);
  let failed = 0;
  for (const args of checks) if ((await runModule(args)) !== 0) failed++;
  const code = await runModule(['pytest', 'training', `--junitxml=${report}`]);
  const counts = readReport();
  if (code !== 0 && counts.failed === 0) failed++;
  return { ...counts, failed: counts.failed + failed };
}

/** Counts of pytest's JUnit report. @throws when it wrote none. */
function readReport() {
  const suite = /<testsuite [^>]*>/.exec(readFileSync(report, 'utf8'))?.[0] ?? '';
  const count = (name) => Number(new RegExp(` ${name}="(\\d+)"`).exec(suite)?.[1] ?? 0);
  const failed = count('failures') + count('errors');
  const skipped = count('skipped');
  return { passed: count('tests') - failed - skipped, failed, skipped };
}
