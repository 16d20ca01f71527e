import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { hashStats, readStamp } from './fingerprint.mjs';
import { root } from './paths.mjs';

/**
 * Builds into a folder when the sources have changed since, or `file` is not in it. The folder then holds what was built and
 * nothing else.
 * @param {object} what
 * @param {string} what.dist path of the folder, from the root of the repository.
 * @param {string} what.file the file in it that counts.
 * @param {Iterable<string>} what.sources paths from the root of the repository.
 * @param {(folder: string) => Promise<void>} what.build builds into an empty folder.
 */
export async function ensureBuilt({ dist, file, sources, build }) {
  const target = join(root, dist);
  // Not in the folder itself, all of which is published.
  const label = join(root, '.cache/build', dist.replaceAll('/', '-'));
  const stampFile = `${label}.built-from`;
  const fingerprint = hashStats(sources);
  if (existsSync(join(target, file)) && readStamp(stampFile) === fingerprint) return;
  process.stderr.write(`Building ${dist} ...\n`);
  const fresh = `${label}-${process.pid}`;
  try {
    mkdirSync(fresh, { recursive: true });
    await build(fresh);
    rmSync(stampFile, { force: true });
    moveIn(fresh, target);
    writeFileSync(stampFile, fingerprint);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/** File by file, so that whoever reads at the same time never reads half of one, nor looks for one in vain. */
function moveIn(fresh, target) {
  const made = filesIn(fresh);
  for (const path of made) {
    mkdirSync(dirname(join(target, path)), { recursive: true });
    renameSync(join(fresh, path), join(target, path));
  }
  const current = new Set(made);
  for (const path of filesIn(target)) if (!current.has(path)) rmSync(join(target, path));
}

function filesIn(folder) {
  return readdirSync(folder, { recursive: true }).filter((path) => statSync(join(folder, path)).isFile());
}
