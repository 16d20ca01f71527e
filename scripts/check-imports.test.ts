import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { checkImports } from './check-imports.mjs';

const houses: string[] = [];
afterEach(() => {
  for (const house of houses.splice(0)) rmSync(house, { recursive: true });
});

const packageNames: Record<string, string> = {
  shaders: '@webdit/shaders',
  'packages/core': '@webdit/core',
  'packages/gpu': '@webdit/gpu',
  'packages/weights': '@webdit/weights',
  'packages/webdit': 'webdit',
  'packages/cli': '@webdit/cli',
  'apps/demo': '@webdit/demo',
};

/** A house with every package and the given files; returns what the rule says about it. */
function problemsOf(files: Record<string, string>): string[] {
  const house = mkdtempSync(join(tmpdir(), 'house-'));
  houses.push(house);
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(house, path)), { recursive: true });
    writeFileSync(join(house, path), text);
  };
  const exports = { '.': './src/index.ts', './node': './src/node.ts' };
  for (const [folder, name] of Object.entries(packageNames)) {
    write(`${folder}/package.json`, JSON.stringify({ name, exports }));
  }
  for (const [path, text] of Object.entries(files)) write(path, text);
  return checkImports(house);
}

describe('arrows', () => {
  test.each([
    ['shaders/matmul/index.ts', '@webdit/core'],
    ['packages/gpu/src/a.ts', '@webdit/shaders'],
    ['packages/webdit/src/a.ts', '@webdit/gpu'],
    ['packages/webdit/src/a.ts', '@webdit/weights/node'],
    ['packages/cli/src/a.ts', 'webdit/node'],
    ['apps/demo/src/main.ts', 'webdit'],
    ['apps/demo/src/main.ts', 'lit'],
    ['apps/demo/page.js', '../../packages/webdit/dist/webdit.js'],
  ])('%s may import %s', (path, specifier) => {
    expect(problemsOf({ [path]: `import { x } from '${specifier}';` })).toEqual([]);
  });

  test.each([
    ['packages/core/src/a.ts', '@webdit/shaders', 'core may not import shaders'],
    ['shaders/matmul/index.ts', '@webdit/gpu', 'shaders may not import gpu'],
    ['packages/gpu/src/a.ts', '@webdit/weights', 'gpu may not import weights'],
    ['packages/weights/src/a.ts', '@webdit/gpu', 'weights may not import gpu'],
    ['packages/webdit/src/a.ts', '@webdit/cli', 'webdit may not import cli'],
    ['apps/demo/src/main.ts', '@webdit/core', 'apps may not import core'],
    ['apps/demo/src/main.ts', 'webdit/node', 'apps import the public entry only'],
    ['packages/gpu/src/a.ts', '@webdit/core/src/rng.ts', 'not an export'],
    ['packages/gpu/src/a.ts', '../../core/src/index.ts', 'must stay in its package'],
    ['packages/gpu/src/a.ts', '../../core/dist/core.js', 'must stay in its package'],
    ['apps/demo/page.js', '../../packages/core/dist/core.js', 'must stay in its package'],
    ['packages/core/src/a.ts', '../../../testing/gpu.ts', 'must stay in its package'],
    ['packages/core/src/a.ts', './b.testing.ts', 'for tests only'],
  ])('%s may not import %s', (path, specifier, reason) => {
    const problems = problemsOf({ [path]: `import { x } from '${specifier}';` });
    expect(problems).toEqual([expect.stringContaining(reason)]);
    expect(problems[0]).toContain(path);
  });

  test.each([
    ["import type { X } from '@webdit/gpu';"],
    ["export * from '@webdit/gpu';"],
    ["export const load = () => import('@webdit/gpu');"],
    ["export type X = import('@webdit/gpu').X;"],
  ])('no form of import escapes: %s', (code) => {
    expect(problemsOf({ 'packages/core/src/a.ts': code })).toEqual([
      expect.stringContaining('core may not import gpu'),
    ]);
  });

  test('tests may import anything, comments and strings are no imports', () => {
    const code = "import { testDevice } from '../../../testing/gpu.ts';";
    expect(problemsOf({ 'packages/core/src/a.test.ts': code, 'packages/core/src/a.testing.ts': code })).toEqual([]);
    expect(problemsOf({ 'packages/core/src/a.ts': `// ${code}\nexport const text = "${code}";` })).toEqual([]);
  });

  test('a new package has to be given its place', () => {
    expect(problemsOf({ 'packages/extra/src/a.ts': '' })).toEqual([expect.stringContaining('no place in the arrows')]);
  });
});

describe('names a package must not know', () => {
  test.each([
    ['packages/core/src/a.ts', 'export type D = GPUDevice;', 'GPUDevice'],
    ['packages/core/src/a.ts', 'export const title = () => document.title;', 'document'],
    ['packages/weights/src/a.ts', 'export const usage = () => GPUBufferUsage.STORAGE;', 'GPUBufferUsage'],
    ['packages/gpu/src/a.ts', "export const load = () => fetch('weights');", 'fetch'],
  ])('%s: %s', (path, code, name) => {
    expect(problemsOf({ [path]: code })).toEqual([expect.stringContaining(`refers to "${name}"`)]);
  });

  test('members of the same name are not globals', () => {
    const code = 'export const f = (source: { fetch(): void; window: number }) => [source.fetch(), source.window];';
    expect(problemsOf({ 'packages/gpu/src/a.ts': code, 'packages/core/src/a.ts': code })).toEqual([]);
  });
});

describe('cycles and length', () => {
  test('a cycle between files is reported once, with its path', () => {
    const problems = problemsOf({
      'packages/core/src/a.ts': "import './b.ts';",
      'packages/core/src/b.ts': "export * from './c.ts';",
      'packages/core/src/c.ts': "import { a } from './a.ts';",
    });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(
      'core/src/a.ts -> packages/core/src/b.ts -> packages/core/src/c.ts -> packages/core/src/a.ts',
    );
  });

  test('a cycle through a package name is a cycle', () => {
    const problems = problemsOf({
      'packages/core/src/index.ts': "export * from './a.ts';",
      'packages/core/src/a.ts': "import { b } from '@webdit/core';",
    });
    expect(problems).toContainEqual(expect.stringContaining('Import cycle'));
  });

  test('types may point back: they vanish', () => {
    const back = "import type { A } from './a.ts';\nexport const b = 1;";
    expect(problemsOf({ 'packages/core/src/a.ts': "import './b.ts';", 'packages/core/src/b.ts': back })).toEqual([]);
  });

  test.each([
    [400, 0],
    [401, 1],
  ])('a file of %i lines: %i problems', (lines, count) => {
    const text = '// one line\n'.repeat(lines);
    expect(problemsOf({ 'packages/core/src/a.ts': text, 'shaders/x/kernel.wgsl': text })).toHaveLength(2 * count);
    expect(problemsOf({ 'packages/core/src/table.json': text, 'packages/core/src/generated/t.ts': text })).toEqual([]);
  });
});
