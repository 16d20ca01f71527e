import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
// The package's Node entry is CommonJS under an ESM name, so its bundler entry is taken.
import { WgslReflect } from 'wgsl_reflect/wgsl_reflect.module.js';
import type { Kernel } from './common/kernel.ts';
import * as index from './index.ts';
import * as vae from './vae.ts';

const ops = { ...index, ...vae };
const root = dirname(fileURLToPath(import.meta.url));
const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((path) => !path.includes('node_modules'))
  .map((path) => relative(root, join(root, path)).replaceAll('\\', '/'));
const variants = Object.entries(ops)
  .filter(([name]) => name.endsWith('Variants'))
  .map(([name, kernels]) => ({ name, kernels: kernels as readonly Kernel[] }));
const kernels = variants.flatMap((entry) => entry.kernels);

test('every .wgsl file belongs to a kernel variant', () => {
  const used = new Set(kernels.flatMap((kernel) => kernel.files));
  const wgsl = files.filter((path) => path.endsWith('.wgsl'));
  expect(wgsl.length).toBeGreaterThan(10);
  expect(wgsl.filter((path) => !used.has(path))).toEqual([]);
});

test.each(variants)('a GPU test walks $name against a reference', ({ name, kernels }) => {
  const folder = (kernels[0] as Kernel).op;
  const tests = files.filter((path) => dirname(path) === folder && /(\.gpu\.test|\.testing)\.ts$/.test(path));
  const sources = tests.map((path) => readFileSync(join(root, path), 'utf8'));
  expect(tests).toContain(`${folder}/${folder}.gpu.test.ts`);
  expect(sources.some((source) => source.includes(name))).toBe(true);
  expect(sources.some((source) => source.includes('./reference.ts'))).toBe(true);
  expect(files).toContain(`${folder}/reference.ts`);
});

test('every op folder has variants', () => {
  const folders = files.filter((path) => basename(path) === 'index.ts' && path !== 'index.ts').map(dirname);
  const ops = new Set(kernels.map((kernel) => kernel.op));
  expect(folders.filter((folder) => !ops.has(folder))).toEqual([]);
});

test.each(kernels.map((kernel) => [kernel.name, kernel] as const))('%s binds what it declares', (_, kernel) => {
  const reflected = new WgslReflect(kernel.source);
  const storage = reflected.storage.map(({ group, binding, access }) => ({ group, binding, access }));
  const declared = kernel.storage.map((access, i) => ({ group: 0, binding: i + 1, access }));
  expect(storage.sort((a, b) => a.binding - b.binding)).toEqual(declared);
  // Law 11 of the loop.
  expect(storage.length).toBeLessThanOrEqual(8);
  const uniforms = reflected.uniforms.map(({ group, binding }) => `${group}.${binding}`).sort();
  expect(uniforms).toEqual(kernel.usesStep ? ['0.0', '1.0'] : ['0.0']);
});

test('kernel files stay readable', () => {
  for (const path of files.filter((file) => file.endsWith('.wgsl'))) {
    const text = readFileSync(join(root, path), 'utf8');
    expect(text.split('\n').length, path).toBeLessThanOrEqual(200);
    expect(text.startsWith('// '), `${path} starts with its contract`).toBe(true);
  }
});
