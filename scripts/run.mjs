// The one entry behind every npm script. Node built-ins only, so that it runs before anything is installed.
import { ensureInstalled } from './lib/install.mjs';
import { endWithParent } from './lib/orphan.mjs';

const commands = {
  start: () => import('./lib/start.mjs'),
  build: () => import('./lib/build.mjs'),
  pack: () => import('./lib/pack.mjs'),
  prepack: () => import('./lib/prepack.mjs'),
  'check-packages': () => import('./lib/checkPackages.mjs'),
  consumers: () => import('./lib/consumers.mjs'),
  webdit: () => import('./lib/webdit.mjs'),
  test: () => import('./lib/test.mjs'),
  'test:full': () => import('./lib/testFull.mjs'),
  lint: () => import('./lib/lint.mjs'),
  format: () => import('./lib/format.mjs'),
  typecheck: () => import('./lib/typecheck.mjs'),
  bench: () => import('./lib/bench.mjs'),
  screens: () => import('./lib/screens.mjs'),
  docs: () => import('./lib/docs.mjs'),
  'docs:pictures': () => import('./lib/docsPictures.mjs'),
  'compare:chromium': fromBench('compare:chromium', 'compare-chromium.ts'),
  'compare:int8': fromBench('compare:int8', 'int8.ts'),
  'measure:large': fromBench('measure:large', 'large.ts'),
  'check-folder': () => import('./lib/checkFolder.mjs'),
};

function fromBench(name, file) {
  return async () => (await import('./lib/benchScript.mjs')).benchScript(name, file);
}

const [name, ...args] = process.argv.slice(2);
const load = Object.hasOwn(commands, name ?? '') ? commands[name] : undefined;
if (!load) {
  process.stderr.write(`Unknown command "${name ?? ''}". Use one of: ${Object.keys(commands).join(', ')}.\n`);
  process.exit(2);
}
try {
  endWithParent();
  ensureInstalled();
  const command = await load();
  await command.run(args);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
