import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LabPair, Measurement } from '../../packages/webdit/src/index.ts';
import { repositoryPath } from '../../testing/repository.ts';

/** Folders that commands of the docs write into. */
const writable = new Set(['models']);

/** A folder for commands of the docs to run in: what they write stays out of the repository. */
export interface Clone {
  readonly folder: string;
  readonly remove: () => void;
}

/** A folder that looks like a fresh clone. */
export function newcomersClone(): Clone {
  const clone = emptyClone();
  const { folder } = clone;
  for (const name of readdirSync(repositoryPath(''))) {
    if (name === '.git') continue;
    const path = repositoryPath(name);
    if (writable.has(name)) cpSync(path, join(folder, name), { recursive: true });
    else symlinkSync(path, join(folder, name));
  }
  for (const name of ['my-site/models', 'results']) mkdirSync(join(folder, name), { recursive: true });
  // What a search would have written, for the commands after it.
  cpSync(repositoryPath('models/emoji-dit/schedules/procache-50-b17.json'), join(folder, 'schedule.json'));
  for (const index of [0, 1]) writeFileSync(join(folder, `shard-${index}.json`), shardFile(index));
  return clone;
}

/** The manifests of the packages and the changesets, for a release to be tried on. */
export function manifestsClone(): Clone {
  const clone = emptyClone();
  const packages = readdirSync(repositoryPath('packages')).map((name) => `packages/${name}`);
  const manifests = ['.', 'shaders', ...packages].map((folder) => `${folder}/package.json`);
  for (const path of ['.changeset', 'pnpm-workspace.yaml', ...manifests]) {
    cpSync(repositoryPath(path), join(clone.folder, path), { recursive: true });
  }
  symlinkSync(repositoryPath('node_modules'), join(clone.folder, 'node_modules'));
  return clone;
}

function emptyClone(): Clone {
  const folder = mkdtempSync(join(tmpdir(), 'webdit-docs-'));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** What the uncached row of a recorded comparison would be as one of two shards, for the commands that merge them. */
function shardFile(index: number): string {
  const recorded = readFileSync(repositoryPath('bench/results/compare-emoji-dit-50-node-lavapipe.json'), 'utf8');
  const { rows: _, ...comparison } = JSON.parse(recorded) as { rows: unknown; measurements: readonly Measurement[] };
  const uncached = comparison.measurements.filter(({ row }) => row === 'none').slice(0, 2);
  const pairs: LabPair[] = uncached.map(({ seed, label }) => ({ seed, label }));
  const part = { shard: { index, count: 2 }, plan: { rows: ['none'], pairs }, measurements: [uncached[index]] };
  return JSON.stringify({ ...comparison, ...part });
}
