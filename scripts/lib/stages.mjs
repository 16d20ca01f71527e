import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ensurePackagesBuilt } from './build.mjs';
import { ensureCliBuilt } from './buildCli.mjs';
import { checkPackages } from './checkPackages.mjs';
import { runNode } from './child.mjs';
import { findChromium, whyNoAdapter } from './machine.mjs';
import { root, tools } from './paths.mjs';
import { published } from './published.mjs';

const gpuProjects = { swiftshader: ['gpu-swiftshader', 'gpu-capped', 'gpu-timed'], lavapipe: ['gpu-lavapipe'] };
const clean = { passed: 0, failed: 0, skipped: 0 };

const failedAs = (name) => ({ ...clean, failed: 1, failures: [name] });

/** A stage that is a script of package.json, in order or not, and counts no tests. */
function check(name, script) {
  const args = [join(root, 'scripts/run.mjs'), script];
  return { name, script, run: async () => ((await runNode(args)) === 0 ? clean : failedAs(name)) };
}

export const lint = check('lint and import rule', 'lint');
export const typecheck = check('typecheck', 'typecheck');

/** The CLI and a browser (SwiftShader comes with it), before anything needs them. */
export const prepare = {
  name: 'prepare',
  run: async () => {
    process.env.WEBDIT_CHROMIUM = findChromium();
    process.stdout.write(`Chromium: ${process.env.WEBDIT_CHROMIUM}\n`);
    await ensureCliBuilt();
    return clean;
  },
};

/** What users download stays below what .size-limit.mjs allows. */
export const sizes = {
  name: 'sizes',
  run: async () => {
    await ensurePackagesBuilt(['webdit', 'element'], ['modules', 'standalone']);
    return (await runNode([tools.sizeLimit])) === 0 ? clean : failedAs('sizes');
  },
};

/** The packages as they would be published. */
export const packages = { name: 'packages', script: 'check-packages', run: () => checkPackages(published) };

/** Unit tests: Vitest without a GPU. */
export const unitTests = { name: 'unit tests', run: () => vitest('unit', ['unit']) };

/** GPU tests: Vitest on every software adapter this machine has. */
export const gpuTests = { name: 'GPU tests', run: () => onEveryAdapter('gpu') };

/** What only `npm run test:full` runs, with and without a GPU. */
export const fullTests = { name: 'full tests', run: () => onEveryAdapter('full', ['unit'], { WEBDIT_FULL: '1' }) };

async function onEveryAdapter(label, others = [], env = {}) {
  const notRun = [];
  const projects = [];
  for (const [adapter, names] of Object.entries(gpuProjects)) {
    const reason = whyNoAdapter(adapter);
    if (reason) notRun.push(reason);
    else projects.push(...names);
  }
  if (projects.length === 0) throw new Error(`No software adapter for GPU tests. ${notRun.join(' ')}`);
  const hasLavapipe = projects.includes('gpu-lavapipe');
  const shared = hasLavapipe ? { ...env, WEBDIT_LAVAPIPE: '1' } : env;
  return { ...(await vitest(label, [...others, ...projects], shared)), notRun };
}

function vitest(label, projects, env) {
  const report = reportFile(`vitest-${label}`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const args = [tools.vitest, 'run', '--allowOnly=false', ...reporters, ...projects.map((name) => `--project=${name}`)];
  return tally(args, env, report, (json) => ({
    passed: json.numPassedTests,
    failed: json.numFailedTests,
    failures: json.testResults.flatMap(failedIn),
    skipped: json.numPendingTests + json.numTodoTests,
  }));
}

/** Playwright on projects of playwright.config.ts. */
export function endToEnd(...projects) {
  return {
    name: 'end to end',
    run: () => {
      const report = reportFile(`playwright-${projects[0]}`);
      const options = ['--forbid-only', '--reporter=list,json', ...projects.map((name) => `--project=${name}`)];
      const args = [tools.playwright, 'test', ...options];
      return tally(args, { PLAYWRIGHT_JSON_OUTPUT_NAME: report }, report, ({ stats, suites }) => ({
        passed: stats.expected + stats.flaky,
        failed: stats.unexpected,
        skipped: stats.skipped,
        failures: titlesOf('unexpected', suites),
        retried: titlesOf('flaky', suites),
      }));
    },
  };
}

/** Names of the tests that ended in one way, from Playwright's report: `flaky` ones failed before they passed. */
function titlesOf(ending, suites = []) {
  const ended = ({ tests }) => tests.some(({ status }) => status === ending);
  return suites.flatMap(({ specs = [], suites: inner }) => [
    ...specs.filter(ended).map(({ file, title }) => `${file}: ${title}`),
    ...titlesOf(ending, inner),
  ]);
}

/** Names of the failed tests of a file, from Vitest's report; a file that could not be run is one. */
function failedIn({ name, status, assertionResults }) {
  const file = relative(root, name);
  const failed = assertionResults.filter((test) => test.status === 'failed').map((test) => `${file}: ${test.fullName}`);
  return failed.length === 0 && status === 'failed' ? [file] : failed;
}

/** Runs a test tool and counts from its JSON report; a tool that fails without a failed test counts as one failure. */
async function tally(args, env, report, count) {
  const code = await runNode(args, { env });
  if (!existsSync(report)) return failedAs(`${args[0]} left no report`);
  const counts = count(JSON.parse(readFileSync(report, 'utf8')));
  return code !== 0 && counts.failed === 0
    ? { ...counts, failed: 1, failures: [...counts.failures, `${args[0]} ended with ${code}`] }
    : counts;
}

function reportFile(name) {
  const folder = join(root, '.cache/reports');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${name}.json`);
  rmSync(path, { force: true });
  return path;
}
