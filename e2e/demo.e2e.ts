import { expect, type Page, type Route, test } from 'playwright/test';
import { longFrames, watchFrames } from './support.ts';

const pixels = (page: Page) =>
  page.locator('canvas').evaluate((canvas: HTMLCanvasElement) => {
    const { data } = (canvas.getContext('2d') as CanvasRenderingContext2D).getImageData(
      0,
      0,
      canvas.width,
      canvas.height,
    );
    return { width: canvas.width, bytes: [...data] };
  });
const generate = (page: Page) => page.getByRole('button', { name: 'Generate' });
const abort = (page: Page) => page.getByRole('button', { name: 'Abort' });

test('search, pick, paint, abort; a link paints the same picture', async ({ page }) => {
  await watchFrames(page);
  await page.goto('/#steps=3&seed=7');
  const before = await pixels(page);

  await page.getByLabel('Search emoji').fill('butterf');
  // The butterfly, and the worried face that has butterflies among its tags.
  await expect(page.getByRole('option')).toHaveCount(2);
  await page.getByLabel('Search emoji').press('Enter');
  await expect(page.getByRole('option', { name: 'butterfly' })).toHaveAttribute('aria-selected', 'true');
  await expect(page).toHaveURL(/#label=butterfly&seed=7&steps=3&guidance=3$/);

  await generate(page).click();
  await expect(page.getByRole('progressbar')).toBeVisible();
  await expect(page.getByRole('img', { name: 'Painted butterfly, seed 7' })).toBeVisible({ timeout: 90_000 });
  await expect(page.getByText(/^3 steps in /)).toBeVisible();
  const painted = await pixels(page);
  expect(painted.width).toBe(64);
  expect(painted.bytes).not.toEqual(before.bytes);

  await page.getByLabel('Steps', { exact: true }).fill('50');
  await generate(page).click();
  await expect(page.getByText(/^Step [12] of 50 · full · \d+ ms$/)).toBeVisible({ timeout: 30_000 });
  await abort(page).click();
  await expect(page.getByText('Stopped.').first()).toBeVisible({ timeout: 5_000 });
  await expect(abort(page)).toHaveCount(0);
  expect(await pixels(page)).toEqual(painted);

  await page.getByLabel('Steps', { exact: true }).fill('3');
  const link = page.url();
  await page.getByRole('button', { name: 'Roll another seed' }).click();
  expect(page.url()).not.toBe(link);
  await page.goto(link);
  await generate(page).click();
  await expect(page.getByText(/^3 steps in /)).toBeVisible({ timeout: 90_000 });
  expect(await pixels(page)).toEqual(painted);
  expect(await longFrames(page)).toEqual([]);
});

test('the grid works from the keyboard and holds only what is in view', async ({ page }) => {
  await page.goto('/');
  const list = page.getByRole('listbox', { name: 'Emoji' });
  await expect(page.getByRole('option', { name: 'pizza' })).toBeVisible();
  expect(await page.getByRole('option').count()).toBeLessThan(250);
  await page.getByLabel('Search emoji').press('ArrowDown');
  await expect(list).toBeFocused();
  await list.press('Home');
  await expect(page.getByRole('option', { name: 'grinning face', exact: true })).toHaveAttribute(
    'aria-selected',
    'true',
  );
  await list.press('ArrowRight');
  await expect(page).toHaveURL(/label=grinning\+face\+with\+big\+eyes/);
  await list.press('End');
  await expect(page.locator('[role=option][aria-selected=true]')).toHaveAttribute('aria-posinset', '1008');
});

const badValues = [
  { hash: '#steps=0', code: 'bad-argument', says: /numInferenceSteps is 0\..*1 to 1000/s },
  { hash: '#steps=1001', code: 'bad-argument', says: /numInferenceSteps is 1001/ },
  { hash: '#guidance=', code: 'bad-argument', says: /guidanceScale is NaN/ },
  { hash: '#seed=-1', code: 'bad-argument', says: /seed is -1/ },
  { hash: '#label=piza&steps=2', code: 'unknown-label', says: /"piza".*pizza/s },
];

test('says what is wrong with a value, and what to do', async ({ page }) => {
  for (const { hash, code, says } of badValues) {
    // The same document: only the address after # changes, and the model stays loaded.
    await page.goto(`/${hash}`);
    await generate(page).click();
    const alert = page.getByRole('alert');
    await expect(alert).toContainText(says, { timeout: 60_000 });
    await expect(alert).toContainText(code);
    await expect(abort(page)).toHaveCount(0);
  }
});

const weights = '**/diffusion_pytorch_model.safetensors';
const brokenFolders = [
  {
    what: 'missing',
    code: 'not-found',
    says: /has no file transformer\/diffusion_pytorch_model\.safetensors/,
    serve: (route: Route) => route.fulfill({ status: 404 }),
  },
  {
    what: 'truncated',
    code: 'format',
    says: /truncated/,
    serve: async (route: Route) => {
      const body = (await (await route.fetch()).body()).subarray(0, 5_000_000);
      await route.fulfill({ body, contentType: 'application/octet-stream' });
    },
  },
];
for (const { what, code, says, serve } of brokenFolders) {
  test(`says that the weights are ${what}, and works once they are there`, async ({ page }) => {
    await page.route(weights, serve);
    await page.goto('/#steps=1');
    await generate(page).click();
    await expect(page.getByRole('alert')).toContainText(says, { timeout: 60_000 });
    await expect(page.getByRole('alert')).toContainText(code);
    await page.unroute(weights);
    await generate(page).click();
    await expect(page.getByText(/^1 step in /)).toBeVisible({ timeout: 60_000 });
  });
}

test('says at once that there is no WebGPU', async ({ page, baseURL }) => {
  // Browsers offer WebGPU to secure pages only, and plain http to any host but localhost is none.
  await page.route('http://insecure.test/**', async (route) => {
    const { pathname, search } = new URL(route.request().url());
    await route.fulfill({ response: await route.fetch({ url: `${baseURL}${pathname}${search}` }) });
  });
  await page.goto('http://insecure.test/');
  await expect(page.getByRole('alert')).toContainText(/does not offer WebGPU.*https/s, { timeout: 30_000 });
  await expect(page.getByRole('alert')).toContainText('webgpu-unavailable');
});
