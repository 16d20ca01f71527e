import { readFileSync } from 'node:fs';
import { expect, type Page, type Route, test } from 'playwright/test';
import type * as Webdit from '../packages/webdit/src/index.ts';
import {
  encodeSafetensors,
  type ParsedTensor,
  parseSafetensors,
} from '../packages/weights/src/safetensors/whole-file.ts';
import { openBlank, sourceUrl, webditUrl } from './support.ts';

const weights = 'transformer/diffusion_pytorch_model.safetensors';

/** Serves emoji-dit's weights with another set of tensors, in a folder that names no hashes. */
async function changeWeights(page: Page, change: (tensors: Map<string, ParsedTensor>) => void): Promise<void> {
  const tensors = parseSafetensors(readFileSync(new URL(`../models/emoji-dit/${weights}`, import.meta.url)));
  change(tensors);
  const body = Buffer.from(encodeSafetensors(Object.fromEntries(tensors)));
  await page.route('**/manifest.json', (route) => route.fulfill({ status: 404 }));
  await page.route(`**/${weights}`, (route) => route.fulfill({ body, contentType: 'application/octet-stream' }));
}

/** What the page says once Generate has been clicked. */
async function alertOf(page: Page) {
  await page.goto('/#steps=1');
  await page.getByRole('button', { name: 'Generate' }).click();
  const alert = page.getByRole('alert');
  await expect(alert).toBeVisible({ timeout: 60_000 });
  return alert;
}

test('says that a tensor has the wrong shape', async ({ page }) => {
  await changeWeights(page, (tensors) => {
    const bias = tensors.get('x_embedder.proj.bias') as ParsedTensor;
    tensors.set('x_embedder.proj.bias', { ...bias, shape: [2, 128] });
  });
  const alert = await alertOf(page);
  await expect(alert).toContainText(/x_embedder\.proj\.bias.*\[2, 128\].*\[256\]/s);
  await expect(alert).toContainText('shape-mismatch');
});

test('says that a tensor has the wrong name', async ({ page }) => {
  await changeWeights(page, (tensors) => {
    tensors.set('x_embedder.projection.bias', tensors.get('x_embedder.proj.bias') as ParsedTensor);
    tensors.delete('x_embedder.proj.bias');
  });
  const alert = await alertOf(page);
  await expect(alert).toContainText(/x_embedder\.proj/);
  await expect(alert).toContainText('format');
});

/** A worker has a navigator of its own, so the worker's script begins with the stub. */
async function withoutAdapter(page: Page): Promise<void> {
  const stub = 'navigator.gpu.requestAdapter = async () => null;';
  await page.addInitScript(stub);
  await page.route(`**${sourceUrl('packages/webdit/src/worker.ts')}*`, async (route: Route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `${stub}\n${await response.text()}` });
  });
}

test('says that there is no adapter', async ({ page }) => {
  await withoutAdapter(page);
  await page.goto('/#steps=1');
  const alert = page.getByRole('alert');
  await expect(alert).toContainText(/no usable graphics adapter.*graphics driver/s);
  await expect(alert).toContainText('adapter-unavailable');
});

test('the library says that there is no adapter, in a worker and on the page, before it downloads', async ({
  page,
}) => {
  await withoutAdapter(page);
  const downloads: string[] = [];
  page.on('request', (request) => {
    if (request.url().includes('/models/')) downloads.push(request.url());
  });
  await openBlank(page);
  const errors = await page.evaluate(async (webditUrl) => {
    const { DiffusionPipeline }: typeof Webdit = await import(webditUrl);
    const load = (worker: boolean) =>
      DiffusionPipeline.fromPretrained('/models/emoji-dit/', { worker }).catch((error: Webdit.WebDiTError) => ({
        code: error.code,
        remedy: error.remedy,
      }));
    return [await load(true), await load(false)];
  }, webditUrl);
  const refusal = { code: 'adapter-unavailable', remedy: expect.stringContaining('graphics driver') };
  expect(errors).toEqual([refusal, refusal]);
  expect(downloads).toEqual([]);
});
