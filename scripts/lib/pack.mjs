import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pnpm } from './install.mjs';
import { root } from './paths.mjs';
import { publishedNames } from './published.mjs';

/** Packs the published packages, or those that are named, and prints the files. */
export async function run(names) {
  for (const file of Object.values(packPackages(publishedNames(names)))) process.stdout.write(`${file}\n`);
}

/** What is published, by package, built before. @returns {Record<string, string>} absolute paths of the tarballs */
export function packPackages(names) {
  const folder = join(root, '.cache/packed');
  mkdirSync(folder, { recursive: true });
  return Object.fromEntries(names.map((name) => [name, pack(name, join(folder, `${name}.tgz`))]));
}

function pack(name, file) {
  rmSync(file, { force: true });
  const { status, stdout, error } = spawnSync('npx', ['--yes', pnpm, 'pack', '--out', file], {
    cwd: join(root, 'packages', name),
    // A list of all files, worth reading when it broke off.
    stdio: ['ignore', 'pipe', 2],
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  if (status === 0) return file;
  process.stderr.write(stdout ?? '');
  throw new Error(`Packing packages/${name} failed${error ? ` (${error.message})` : '. The messages above say why'}.`);
}
