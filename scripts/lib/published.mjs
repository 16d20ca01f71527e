import { readFileSync } from 'node:fs';
import { join, parse } from 'node:path';
import { root } from './paths.mjs';

/** The packages that are published, by their folders. The others are part of these. */
export const published = ['webdit', 'element', 'cli'];

/** All of them, or those that are named on a command line. @throws for a name that is none. */
export function publishedNames(names) {
  const unknown = names.find((name) => !published.includes(name));
  if (unknown) throw new Error(`No package "${unknown}" is published. Use ${published.join(', ')}, or none for all.`);
  return names.length > 0 ? names : published;
}

/** The manifest of a folder under packages. */
export function manifestOf(name) {
  return JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'));
}

/** The source files that a package exports, by their names. @returns {Record<string, string>} */
export function entriesOf(name) {
  const files = Object.values(manifestOf(name).exports).filter((file) => file.endsWith('.ts'));
  return Object.fromEntries(files.map((file) => [parse(file).name, join(root, 'packages', name, file)]));
}

/** Whether an import is of something that comes with a package: its dependencies, its peers, Node itself. */
export function installedWith(name) {
  const { dependencies = {}, peerDependencies = {} } = manifestOf(name);
  const names = Object.keys({ ...dependencies, ...peerDependencies });
  return (id) =>
    id.startsWith('node:') || names.some((installed) => id === installed || id.startsWith(`${installed}/`));
}
