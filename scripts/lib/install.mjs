import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashContents, readStamp } from './fingerprint.mjs';
import { root } from './paths.mjs';

/** The package manager, for npx. */
export const pnpm = 'pnpm@12.21.0';
const stampFile = join(root, 'node_modules/.webdit-installed');

/** Installs the dependencies of the lockfile unless they are there already. Logs go to stderr: stdout may be a pipe. */
export function ensureInstalled() {
  const fingerprint = hashContents(manifests());
  if (readStamp(stampFile) === fingerprint) return;
  process.stderr.write('Installing dependencies (once, until they change) ...\n');
  const npx = process.platform === 'win32' ? 'npx.cmd' : 'npx';
  const { status, error } = spawnSync(npx, ['--yes', pnpm, 'install', '--frozen-lockfile'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
    // CI: pnpm must not stop to ask whether it may replace node_modules.
    env: { ...process.env, CI: 'true' },
  });
  if (status !== 0) {
    const reason = error ? error.message : `exit code ${status}`;
    throw new Error(`Installing the dependencies failed (${reason}). Check the network connection and run it again.`);
  }
  writeFileSync(stampFile, fingerprint);
}

function manifests() {
  const groups = ['packages', 'apps'].filter((group) => existsSync(join(root, group)));
  const folders = groups.flatMap((group) => readdirSync(join(root, group)).map((name) => `${group}/${name}`));
  const candidates = ['.', 'shaders', 'e2e', 'bench', 'docs', ...folders.sort()].map(
    (folder) => `${folder}/package.json`,
  );
  return ['pnpm-lock.yaml', 'pnpm-workspace.yaml', ...candidates.filter((path) => existsSync(join(root, path)))];
}
