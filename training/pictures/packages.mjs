import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const folder = join(here, '../../.cache/training/packages');
const lists = ['package.json', 'package-lock.json'];

/**
 * Installs the emoji sets and the renderer outside the workspace, where they are not yet, and gives a `require` that finds
 * them. They are data for training alone: no user of WebDiT downloads them.
 */
export function requirePackages() {
  const done = join(folder, 'node_modules/.package-lock.json');
  if (!existsSync(done) || !lists.every(isSame)) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    for (const name of lists) copyFileSync(join(here, name), join(folder, name));
    const { status } = spawnSync('npm', args, {
      cwd: folder,
      stdio: ['ignore', 2, 2],
      shell: process.platform === 'win32',
    });
    if (status !== 0) {
      rmSync(folder, { recursive: true, force: true });
      throw new Error('npm could not install the emoji sets. Check the network connection and run it again.');
    }
  }
  return createRequire(join(folder, 'package.json'));
}

function isSame(name) {
  const copy = join(folder, name);
  return existsSync(copy) && readFileSync(copy, 'utf8') === readFileSync(join(here, name), 'utf8');
}
