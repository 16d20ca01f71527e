// Keeps the arrows of the house: core <- shaders <- gpu <- webdit <- element, cli, apps; core <- weights <- webdit.
// Also: no GPU or DOM where a package must not know them, no cycles between files, no file over 400 lines.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { readSources } from './lib/sources.mjs';

const maxLines = 400;

/** What each part may import. Apps see public entries only, so nothing below `webdit` and no subpath. */
const arrows = {
  core: [],
  shaders: ['core'],
  gpu: ['core', 'shaders'],
  weights: ['core'],
  webdit: ['core', 'shaders', 'gpu', 'weights'],
  element: ['webdit'],
  cli: ['core', 'shaders', 'gpu', 'weights', 'webdit'],
  apps: ['webdit', 'element'],
};

const gpuNames = /^(GPU[A-Z]\w*|GPU)$/;
const domNames = /^(document|window|navigator|HTML\w*Element|Element|Document|Window|XMLHttpRequest|localStorage)$/;
const networkNames = /^(fetch|XMLHttpRequest|WebSocket|EventSource)$/;

/** Names that a part must not refer to, and why. */
const foreign = {
  core: [
    [gpuNames, 'core knows no GPU'],
    [domNames, 'core knows no DOM'],
  ],
  weights: [[gpuNames, 'weights knows no GPU']],
  gpu: [[networkNames, 'gpu knows no network']],
};

/** Every breach of the rules under `root`, one sentence each; empty when the house is in order. @returns {string[]} */
export function checkImports(root) {
  const sources = readSources(root);
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const packages = readPackages(root);
  const ruled = sources.filter((source) => partOf(source.path) && !isExempt(source.path));
  return [
    ...ruled.flatMap((source) => checkArrows(source, packages)),
    ...ruled.flatMap(checkForeignNames),
    ...findCycles(byPath, packages),
    ...sources
      .filter(({ lines }) => lines > maxLines)
      .map(({ path, lines }) => `${path}: ${lines} lines; the limit is ${maxLines}. Split it.`),
  ];
}

/** The part of the house that a path (or a package folder) belongs to; undefined for tooling. */
function partOf(path) {
  const [top, name] = path.split('/');
  if (top === 'packages') return name;
  return top === 'shaders' || top === 'apps' ? top : undefined;
}

function isExempt(path) {
  return /\.(test|testing|e2e|config)\.(ts|mjs|js)$/.test(path);
}

/** Workspace packages by name. @returns {Map<string, {folder: string, exports: Record<string, unknown>}>} */
function readPackages(root) {
  const folders = ['shaders'];
  for (const group of ['packages', 'apps']) {
    if (existsSync(join(root, group)))
      folders.push(...readdirSync(join(root, group)).map((name) => `${group}/${name}`));
  }
  const packages = new Map();
  for (const folder of folders) {
    const manifest = join(root, folder, 'package.json');
    if (!existsSync(manifest)) continue;
    const { name, exports = {} } = JSON.parse(readFileSync(manifest, 'utf8'));
    packages.set(name, { folder, exports });
  }
  return packages;
}

function checkArrows({ path, imports }, packages) {
  const part = partOf(path);
  const allowed = arrows[part];
  if (!allowed) return [`${path}: "${part}" has no place in the arrows. Add it to scripts/check-imports.mjs.`];
  const problems = [];
  for (const { specifier } of imports) {
    const say = (reason) => problems.push(`${path}: imports "${specifier}": ${reason}`);
    if (specifier.startsWith('.')) {
      if (isExempt(specifier)) say('what tests share is for tests only.');
      const home = path.split('/').slice(0, part === 'shaders' ? 1 : 2);
      const target = posix.join(posix.dirname(path), specifier);
      // Pages without a bundler load what is built.
      const built = part === 'apps' ? /^(packages\/[^/]+)\/dist\//.exec(target)?.[1] : undefined;
      if (built && allowed.includes(partOf(built))) continue;
      if (!target.startsWith(`${home.join('/')}/`))
        say('a relative import must stay in its package. Import by package name.');
      continue;
    }
    const { entry, subpath } = splitSpecifier(specifier, packages);
    if (!entry) continue;
    const target = partOf(entry.folder);
    if (!allowed.includes(target))
      say(`${part} may not import ${target}. Allowed: ${allowed.join(', ') || 'nothing'}.`);
    else if (!Object.hasOwn(entry.exports, subpath)) say(`"${subpath}" is not an export of that package.`);
    else if (part === 'apps' && subpath !== '.') say('apps import the public entry only.');
  }
  return problems;
}

function splitSpecifier(specifier, packages) {
  const length = specifier.startsWith('@') ? 2 : 1;
  const words = specifier.split('/');
  const entry = packages.get(words.slice(0, length).join('/'));
  return { entry, subpath: ['.', ...words.slice(length)].join('/') };
}

function checkForeignNames({ path, globals }) {
  const rules = foreign[partOf(path)] ?? [];
  return rules.flatMap(([pattern, reason]) => {
    const names = [...globals].filter((name) => pattern.test(name));
    return names.map((name) => `${path}: refers to "${name}": ${reason}.`);
  });
}

/** Cycles of imports that exist at run time; `import type` vanishes and may point anywhere its arrow allows. */
function findCycles(byPath, packages) {
  const problems = [];
  const done = new Set();
  const trail = [];
  const visit = (path) => {
    const start = trail.indexOf(path);
    if (start >= 0) problems.push(`Import cycle: ${[...trail.slice(start), path].join(' -> ')}.`);
    if (start >= 0 || done.has(path)) return;
    trail.push(path);
    for (const target of runtimeImports(byPath.get(path), byPath, packages)) visit(target);
    trail.pop();
    done.add(path);
  };
  for (const path of byPath.keys()) visit(path);
  return problems;
}

function* runtimeImports({ path, imports }, byPath, packages) {
  for (const { specifier, typeOnly } of imports) {
    if (typeOnly) continue;
    const file = specifier.startsWith('.')
      ? posix.join(posix.dirname(path), specifier.replace(/\?.*$/, ''))
      : entryFile(splitSpecifier(specifier, packages));
    if (file && byPath.has(file)) yield file;
  }
}

function entryFile({ entry, subpath }) {
  const target = entry?.exports[subpath];
  return typeof target === 'string' ? posix.join(entry.folder, target) : undefined;
}
