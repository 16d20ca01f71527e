import { readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { repositoryPath } from '../testing/repository.ts';

const text = (path: string) => readFileSync(repositoryPath(path), 'utf8');
const { resolve } = createRequire(repositoryPath('packages/webdit/package.json'));
const runtime = ['', '.jspi'].map((name) => resolve(`onnxruntime-web/ort-wasm-simd-threaded${name}.wasm`));
const model = ['transformer/diffusion_pytorch_model.safetensors', 'vae/decoder.onnx'].map((name) =>
  repositoryPath(`models/emoji-dit/${name}`),
);

const bytes = (path: string) => statSync(path).size;
const megabytes = (...sizes: readonly number[]) => Math.round(sizes.reduce((sum, size) => sum + size, 0) / 1e6);

/** The numbers of a sentence, which must stand in a page as it is written here, with them in the place of `N`. */
function stated(page: string, sentence: string): number[] {
  const pattern = sentence.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll('N', '([\\d.]+)');
  const found = new RegExp(pattern).exec(text(page).replace(/\s+/g, ' '));
  expect(found, `"${sentence}" in ${page}`).not.toBeNull();
  return (found ?? []).slice(1).map(Number);
}

test('pages give the sizes of the runtime and of the model as the files have them', () => {
  const [small = 0, large = 0] = runtime.map((path) => megabytes(bytes(path)));
  const whole = megabytes(...model.map(bytes));
  const start = 'docs/getting-started.md';
  const builds = [small, large];
  expect(stated(start, '(N MB, kept for the next visit, and the runtime that decodes pictures: N or N MB)')).toEqual([
    whole,
    ...builds,
  ]);
  expect(stated('docs/hosting.md', 'the runtime that decodes pictures is N or N MB')).toEqual(builds);
  expect(stated('docs/hosting.md', 'the model (N MB) and one build of onnxruntime-web (N or N MB)')).toEqual([
    whole,
    ...builds,
  ]);
  expect(stated('docs/hosting.md', 'the builds that this browser can run (N MB)')).toEqual([
    megabytes(...runtime.map(bytes)),
  ]);
});

test('and of the runtime compressed', () => {
  const [compressed] = stated('docs/hosting.md', 'and N MB with gzip');
  for (const path of runtime) expect(megabytes(gzipSync(readFileSync(path)).length)).toBe(compressed);
});

test('the recipe has the steps, batches and pictures that its page names', () => {
  const page = 'training/README.md';
  const recipe = text('training/recipe.py');
  const values = (name: string) =>
    [...recipe.matchAll(new RegExp(`^ +${name}: int = (\\d+)$`, 'gm'))].map(([, n]) => Number(n));
  const [autoencoderSteps, transformerSteps] = values('steps');
  const [autoencoderBatch, transformerBatch] = values('batch_size');
  expect(stated(page, 's a step of N | N | N min |').slice(0, 2)).toEqual([autoencoderBatch, autoencoderSteps]);
  expect(stated(page, 's a step of N (N s with `bf16=False`) | N | N h |')).toEqual([
    transformerBatch,
    expect.any(Number),
    transformerSteps,
    expect.any(Number),
  ]);
  expect(stated(page, 's a copy | N | N min |')[0]).toBe(values('augmented_copies')[0]);
  const sets = [...text(page).matchAll(/^\| `@iconify-json.*\| (\d+) \|$/gm)].map(([, count]) => Number(count));
  expect(sets).toHaveLength(8);
  expect(stated(page, 'finds N pictures')).toEqual([sets.reduce((sum, count) => sum + count)]);
});
