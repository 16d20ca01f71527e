import { spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashContents, readStamp, walk } from './fingerprint.mjs';
import { pnpm } from './install.mjs';
import { packPackages } from './pack.mjs';
import { root } from './paths.mjs';
import { manifestOf, published } from './published.mjs';

/**
 * Lays the projects of e2e/fixtures out in .cache/consumers as users have them: outside the workspace, with the packages
 * installed from what would be published. Prints the folder.
 */
export async function run() {
  const folder = join(root, '.cache/consumers');
  const packed = packPackages(published);
  const files = Object.values(packed).map((file) => file.slice(root.length + 1));
  const fingerprint = hashContents([...walk('e2e/fixtures'), 'scripts/lib/consumers.mjs', ...files]);
  const stamp = join(folder, '.laid-out-from');
  if (readStamp(stamp) !== fingerprint) {
    layOut(folder, packed);
    writeFileSync(stamp, fingerprint);
  }
  process.stdout.write(`${folder}\n`);
}

function layOut(folder, packed) {
  rmSync(folder, { recursive: true, force: true });
  cpSync(join(root, 'e2e/fixtures'), folder, { recursive: true });
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  for (const [name, file] of Object.entries(packed)) manifest.dependencies[manifestOf(name).name] = `file:${file}`;
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  // The element depends on a library that no registry has yet.
  appendFileSync(join(folder, 'pnpm-workspace.yaml'), `overrides:\n  webdit: file:${packed.webdit}\n`);
  // The lockfile has everything but the packages themselves.
  const { status, error } = spawnSync('npx', ['--yes', pnpm, 'install', '--prefer-offline', '--no-frozen-lockfile'], {
    cwd: folder,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (status === 0) return;
  const reason = error ? error.message : `exit code ${status}`;
  throw new Error(`Installing the packed packages failed (${reason}). Check the network connection and run it again.`);
}
