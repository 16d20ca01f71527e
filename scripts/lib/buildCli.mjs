import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runNode } from './child.mjs';
import { hashStats, readStamp, walk } from './fingerprint.mjs';
import { root, tools } from './paths.mjs';

const dist = join(root, 'packages/cli/dist');
const stampFile = join(dist, '.built-from');

/** The CLI as one file that Node can run. */
export const cliFile = join(dist, 'webdit.js');

/** Builds the CLI when its sources changed. Logs go to stderr. */
export async function ensureCliBuilt() {
  const fingerprint = hashStats(sources());
  if (existsSync(cliFile) && readStamp(stampFile) === fingerprint) return;
  // Built aside and moved in, so that a command running at the same time never loads half a file.
  const fresh = join(dist, `.fresh-${process.pid}`);
  try {
    const args = [tools.vite, 'build', '--ssr', '--logLevel', 'warn', '--outDir', fresh, '--emptyOutDir'];
    const code = await runNode(args, { stdio: ['ignore', 2, 2] });
    if (code !== 0) throw new Error(`Building the CLI failed (exit code ${code}). The messages above say where.`);
    renameSync(join(fresh, 'webdit.js'), cliFile);
    writeFileSync(stampFile, fingerprint);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

function* sources() {
  for (const path of [...walk('packages'), ...walk('shaders')]) {
    if (!/\.test\.ts$/.test(path)) yield path;
  }
  yield* ['vite.config.ts', 'tsconfig.json', 'pnpm-lock.yaml'];
}
