import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeVaeFolder } from '../../../../testing/vae-folder.ts';
import { makeManifest } from '../make-manifest.ts';
import { openModelFolder } from '../model-folder.ts';
import { pathSource } from '../sources/path.ts';
import { editJson } from '../testing/fixtures.ts';
import { decoderPaths } from './vae.ts';

const weights = 'vae/diffusion_pytorch_model.safetensors';
let folder: string;

beforeEach(async () => {
  folder = await writeVaeFolder();
});
afterEach(() => rm(folder, { recursive: true }));

test('a diffusers folder brings its AutoencoderKL, whose files are the model’s', async () => {
  const { vae, notes } = await openModelFolder(pathSource(folder));
  expect(vae).toMatchObject({
    kind: 'autoencoder-kl',
    scalingFactor: 0.18215,
    latentChannels: 4,
    spatialScale: 4,
    preview: null,
    previewFile: null,
    weightFiles: [{ path: weights, bytes: 3_834_356 }],
  });
  expect(vae && decoderPaths(vae)).toEqual([weights]);
  expect(notes.filter((note) => note.includes('VAE'))).toEqual([]);
  const { files } = await makeManifest(pathSource(folder));
  expect(files.map(({ path }) => path)).toEqual(expect.arrayContaining(['vae/config.json', weights]));
});

test('its config may name a preview map, which then counts as the model’s', async () => {
  await editJson(join(folder, 'vae/config.json'), (config) => Object.assign(config, { preview: 'preview.json' }));
  const map = { factors: [1, 2, 3, 4].map((value) => [value, 0, 0]), bias: [0, 0.5, 0] };
  await writeFile(join(folder, 'vae/preview.json'), JSON.stringify({ format: 'webdit-preview/1', ...map }));
  expect((await openModelFolder(pathSource(folder))).vae?.preview).toEqual(map);
  const { files } = await makeManifest(pathSource(folder));
  expect(files.map(({ path }) => path)).toContain('vae/preview.json');
});

test.each([
  ['its weights are missing', () => rm(join(folder, weights)), /has no file vae\/diffusion_pytorch_model\.safetensors/],
  [
    'its config makes no sense',
    () => editJson(join(folder, 'vae/config.json'), (config) => Object.assign(config, { scaling_factor: -1 })),
    /scaling_factor/,
  ],
  [
    'it is one that cannot be run',
    () => editJson(join(folder, 'vae/config.json'), (config) => Object.assign(config, { act_fn: 'mish' })),
    /act_fn/,
  ],
])('results are latents when %s, and a note says so', async (_, spoil, reason) => {
  await spoil();
  const { vae, notes } = await openModelFolder(pathSource(folder));
  expect(vae).toBeNull();
  const [note = '', ...others] = notes.filter((note) => note.includes('VAE'));
  expect(others).toEqual([]);
  expect(note).toMatch(/^Results are latents, since the VAE cannot be used: /);
  expect(note).toMatch(reason);
});
