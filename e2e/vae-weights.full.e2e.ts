import { rm } from 'node:fs/promises';
import { expect, test } from 'playwright/test';
import { psnr } from '../packages/core/src/index.ts';
import type * as Webdit from '../packages/webdit/src/index.ts';
import { paintedReference, writeVaeFolder } from '../testing/vae-folder.ts';
import { type FolderServer, serveFolder } from './folder-server.ts';
import { openBlank, webditUrl } from './support.ts';

let folder: string;
let server: FolderServer;
test.beforeAll(async () => {
  folder = await writeVaeFolder();
  server = await serveFolder(folder);
});
test.afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

test('a diffusers folder paints with its own VAE in a worker, and from the store', async ({ page }) => {
  await openBlank(page);
  const paint = () =>
    page.evaluate(
      async ({ webditUrl, model }) => {
        const { DiffusionPipeline }: typeof Webdit = await import(webditUrl);
        const pipe = await DiffusionPipeline.fromPretrained(model);
        const { thread, vaeBackend, storage } = pipe.info;
        const { image, latents } = await pipe.generate(
          { label: 1 },
          { seed: 1, numInferenceSteps: 3, outputType: 'imageData' },
        );
        await pipe.dispose();
        return { thread, vaeBackend, state: storage.state, rgba: [...image.data], latents: [...latents.data] };
      },
      { webditUrl, model: server.url },
    );

  const first = await paint();
  expect(first).toMatchObject({ thread: 'worker', vaeBackend: 'webgpu', state: 'stored' });
  const painted = first.rgba.filter((_, i) => i % 4 !== 3);
  expect(new Set(painted).size).toBeGreaterThan(50);
  // Only what lies between two bytes may be rounded otherwise.
  expect(psnr(painted, paintedReference(first.latents), 255)).toBeGreaterThan(60);
  expect(server.requests).toContain('vae/diffusion_pytorch_model.safetensors');

  server.requests.length = 0;
  expect(await paint()).toEqual(first);
  expect(server.requests).toEqual(['manifest.json']);
});
