import { join } from 'node:path';
import { runNode } from './child.mjs';
import { ensureBuilt } from './ensureBuilt.mjs';
import { walk } from './fingerprint.mjs';
import { root, tools } from './paths.mjs';

const dist = 'packages/cli/dist';

/** The CLI as one file that Node can run. */
export const cliFile = join(root, dist, 'webdit.js');

/** Builds the CLI when its sources changed. Logs go to stderr. */
export async function ensureCliBuilt() {
  await ensureBuilt({ dist, file: 'webdit.js', sources: sources(), build });
}

async function build(folder) {
  const args = [tools.vite, 'build', '--ssr', '--logLevel', 'warn', '--outDir', folder];
  const code = await runNode(args, { stdio: ['ignore', 2, 2] });
  if (code !== 0) throw new Error(`Building the CLI failed (exit code ${code}). The messages above say where.`);
}

function* sources() {
  for (const path of [...walk('packages'), ...walk('shaders')]) {
    if (!/\.test\.ts$/.test(path)) yield path;
  }
  yield* ['vite.config.ts', 'tsconfig.json', 'pnpm-lock.yaml'];
}
