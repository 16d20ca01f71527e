import { existsSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright/test';
import { expectAccessible } from './accessibility.ts';
import { readCanvas } from './canvas.ts';
import { expect, test } from './fixture.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const tiny = join(root, 'goldens/dit-original-tiny');
const stored = (page: Page) => page.locator('stored-panel');
const inUse = (page: Page) => page.getByRole('region', { name: 'Model in use' });
const fact = (page: Page, name: string) => inUse(page).locator(`dt:text-is("${name}") + dd`);

/** Bytes of the files of the page's own model that loading it and painting take. */
async function modelBytes(): Promise<number> {
  const folder = join(root, 'models/emoji-dit');
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = files.filter((file) => file.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const needed = paths.filter((path) => !/encoder\.onnx$|CARD\.md$|manifest\.json$/.test(path));
  return (await Promise.all(needed.map((path) => stat(path)))).reduce((sum, { size }) => sum + size, 0);
}

test('what is stored is listed with its size, loads again without a download, and can be deleted', async ({ page }) => {
  const weights: string[] = [];
  page.on('request', (request) => void (/safetensors$/.test(request.url()) && weights.push(request.url())));
  await page.goto('/#/models');
  await expect(stored(page)).toContainText('No model yet');
  await expect(fact(page, 'Parameters')).toHaveText('10.0 million');
  await expect(fact(page, 'On the graphics card')).toContainText('not yet');
  const load = page.getByRole('button', { name: 'Load it now' });
  await load.click();
  await expect(fact(page, 'In the browser’s storage')).toContainText('complete', { timeout: 60_000 });
  const requests = weights.length;
  expect(requests).toBeGreaterThan(0);
  const size = `${((await modelBytes()) / 1e6).toFixed(1)} MB`;
  await expect(fact(page, 'Downloaded for this load')).toHaveText(size);
  await expect(stored(page).getByRole('listitem')).toHaveCount(1);
  await expect(stored(page).locator('.bytes')).toHaveText(size);
  await expect(stored(page)).toContainText('complete: it works without a network');
  const usage = Number.parseFloat((await stored(page).locator('.usage').textContent()) ?? '');
  expect(usage).toBeGreaterThanOrEqual(Number.parseFloat(size));

  await page.reload();
  await load.click();
  await expect(fact(page, 'Downloaded for this load')).toHaveText('0.0 kB', { timeout: 60_000 });
  expect(weights).toHaveLength(requests);

  const drop = stored(page).getByRole('button', { name: 'Delete emoji-dit' });
  await drop.click();
  await stored(page).getByRole('button', { name: 'Keep', exact: true }).click();
  await drop.click();
  await stored(page)
    .getByRole('button', { name: `Delete ${size}` })
    .click();
  await expect(stored(page)).toContainText('No model yet');
  await expect(stored(page)).toContainText('Deleted emoji-dit.');
  await page.reload();
  await load.click();
  await expect(fact(page, 'Downloaded for this load')).toHaveText(size, { timeout: 60_000 });
  expect(weights).toHaveLength(2 * requests);
});

/** Serves the tiny model of the goldens, and nothing else, as another site. */
async function serveTiny(page: Page): Promise<void> {
  const headers = { 'access-control-allow-origin': '*' };
  await page.context().route('https://models.test/**', async (route) => {
    const name = new URL(route.request().url()).pathname.replace(/^\/tiny\//, '');
    const path = join(tiny, name);
    if (!/^[a-z.]+$/.test(name) || !existsSync(path)) await route.fulfill({ status: 404, headers });
    else await route.fulfill({ body: await readFile(path), headers });
  });
}

const pixels = async (page: Page) => (await readCanvas(page.locator('stamp-view canvas'))).bytes;
const paint = async (page: Page) => {
  await page.getByRole('button', { name: 'Generate' }).click();
  await expect(page.getByText(/^2 steps in /)).toBeVisible({ timeout: 60_000 });
};

test('what a model takes is said before it is loaded, and one that does not fit is not', async ({
  page,
  complaints,
}) => {
  complaints.allow(/status of 404.*models\.test/);
  await serveTiny(page);
  await page.goto('/#/models');
  await page.evaluate(() => {
    // Less than one of the model's working buffers.
    const limits = { maxBufferSize: 2 ** 28, maxStorageBufferBindingSize: 90_000 };
    Object.defineProperty(GPUAdapter.prototype, 'limits', { get: () => limits });
  });
  await page.getByLabel('Address of a model folder').fill('https://models.test/tiny/');
  await page.getByRole('button', { name: 'Load', exact: true }).click();
  const plan = page.locator('model-plan');
  await expect(plan).toContainText('1.1 MB', { timeout: 60_000 });
  await expect(plan).toContainText('it does not fit');
  await expect(plan.getByRole('alert')).toContainText('No dtype and no cache policy makes it fit');
  await expectAccessible(page);
  await plan.getByRole('button', { name: 'Leave it' }).click();
  await expect(plan).toHaveCount(0);
  await expect(inUse(page).getByRole('heading')).toHaveText('emoji-dit');
});

test('a model of a link is asked about, loaded, painted with; what is no model leaves it alone', async ({
  page,
  complaints,
}) => {
  // A folder need not have every file that is looked for.
  complaints.allow(/status of 404.*models\.test/);
  await serveTiny(page);
  await page.goto('/#label=3&seed=5&steps=2&cache=none&model=https://models.test/tiny/');
  const request = page.getByRole('region', { name: 'Model of this link' });
  await expect(request).toContainText('Load it if you trust who runs models.test');
  await expect(page.getByRole('option').first()).toBeVisible();
  await request.getByRole('button', { name: 'Load tiny' }).click();
  await expect(request).toHaveCount(0, { timeout: 60_000 });
  await expect(page).toHaveURL(
    /#label=3&seed=5&steps=2&guidance=3&cache=none&model=https%3A%2F%2Fmodels\.test%2Ftiny%2F$/,
  );
  await expect(page.getByLabel('Class id, 0 to 9')).toHaveValue('3');
  await paint(page);
  await expect(page.getByText('tiny has no VAE, so it paints latents')).toBeVisible();
  const latents = await pixels(page);
  expect(latents).toHaveLength(4 * 16 * 16);
  for (const color of [0, 1, 2]) {
    const channel = latents.filter((_, i) => i % 4 === color);
    expect([Math.min(...channel), Math.max(...channel)]).toEqual([0, 255]);
  }

  await page.getByRole('link', { name: 'Models' }).click();
  await expect(fact(page, 'Classes')).toHaveText('10, without names');
  await expect(fact(page, 'Layers')).toHaveText('6');
  await expect(stored(page).getByRole('listitem')).toContainText('https://models.test/tiny/');
  const address = page.getByLabel('Address of a model folder');
  const open = page.getByRole('button', { name: 'Load', exact: true });
  for (const [text, says] of [
    ['http://models.test/tiny/', 'Models load over https only'],
    ['', 'is no address'],
    ['https://models.test/nothing/', 'has neither model_index.json nor model.safetensors'],
  ] as const) {
    await address.fill(text);
    await open.click();
    await expect(page.getByRole('alert')).toContainText(says);
  }
  const folder = page.getByLabel('Choose a folder');
  await folder.setInputFiles(join(root, 'docs'));
  await expect(page.getByRole('alert').first()).toContainText(
    'docs has neither model_index.json nor model.safetensors',
  );

  // Nothing is lost by that: the model in use still paints, the same picture.
  await expect(fact(page, 'Layers')).toHaveText('6');
  await page.getByRole('link', { name: 'Generate' }).click();
  await paint(page);
  expect(await pixels(page)).toEqual(latents);

  // The same folder as files, dropped, paints the same picture too.
  await page.getByRole('link', { name: 'Models' }).click();
  const place = await page.getByRole('region', { name: 'Another model' }).boundingBox();
  if (!place) throw new Error('There is nowhere to drop.');
  const devtools = await page.context().newCDPSession(page);
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
    const data = { items: [], files: [tiny], dragOperationsMask: 1 };
    await devtools.send('Input.dispatchDragEvent', { type, x: place.x + 20, y: place.y + 20, data });
  }
  await expect(page.locator('model-plan')).toContainText('nothing: the files are yours');
  await expect(inUse(page)).toContainText('From a folder on this device');
  await expect(inUse(page).getByRole('heading')).toHaveText('dit-original-tiny');
  await expect(fact(page, 'In the browser’s storage')).toHaveText('nothing: the files are yours', { timeout: 60_000 });
  await page.getByRole('link', { name: 'Generate' }).click();
  await paint(page);
  expect(await pixels(page)).toEqual(latents);
  const link = page.url();
  expect(link).toContain('model=dropped%3Adit-original-tiny');

  await page.getByRole('link', { name: 'Models' }).click();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Back to emoji-dit' }).click();
  await expect(fact(page, 'Classes')).toHaveText('1008', { timeout: 60_000 });
  await expect(page).not.toHaveURL(/model=/);

  // What only this device has cannot be had from a link.
  await page.goto(link);
  await expect(request).toContainText('This link was made with a model from a folder, dit-original-tiny');
  await request.getByRole('button', { name: 'Keep emoji-dit' }).click();
  await expect(page).not.toHaveURL(/model=/);
  await expect(page.getByRole('option').first()).toBeVisible();
});
