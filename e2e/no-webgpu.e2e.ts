import { readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright/test';
import { expectAccessible } from './accessibility.ts';
import { expect, test } from './fixture.ts';
import { pixels } from './support.ts';

const file = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const results = file('bench/results/compare-emoji-dit-50-chromium-swiftshader.json');
/** What the processor's way downloads, but for scripts and JSON. */
const downloads = [
  file('models/emoji-dit/transformer/diffusion_pytorch_model.safetensors'),
  file('models/emoji-dit/vae/decoder.onnx'),
  createRequire(file('packages/webdit/package.json')).resolve('onnxruntime-web/ort-wasm-simd-threaded.wasm'),
];
const offer = (page: Page) => page.getByRole('button', { name: 'Paint without WebGPU: uncached, on the processor' });

/** A browser that has never heard of WebGPU: the page's `navigator.gpu` goes, and its workers'. Call before the page loads. */
async function withoutWebGpu(page: Page): Promise<void> {
  await page.addInitScript(() => Reflect.deleteProperty(Navigator.prototype, 'gpu'));
  await page.route(/\/no-webgpu\.js$/, (route) =>
    route.fulfill({ contentType: 'text/javascript', body: 'delete WorkerNavigator.prototype.gpu;' }),
  );
  await page.route(/\/assets\/worker-[^/]*\.js$/, async (route) => {
    const response = await route.fetch();
    const imports = "import '/webdit-violations.js';\nimport '/no-webgpu.js';\n";
    await route.fulfill({ response, body: `${imports}${await response.text()}` });
  });
}

test('without WebGPU the page says so, shows what was recorded, and paints the same picture on the processor', async ({
  page,
  context,
}) => {
  await withoutWebGpu(page);
  const large: string[] = [];
  page.on('request', (request) => {
    if (/\.(safetensors|onnx|wasm)$/.test(request.url())) large.push(request.url());
  });
  await page.goto('/#label=pizza&seed=0&steps=2&cache=procache');
  const alert = page.getByRole('alert');
  await expect(alert).toContainText('This browser does not offer WebGPU.');
  await expect(alert).toContainText('webgpu-unavailable');
  await expect(page.locator('no-webgpu dt')).toHaveText(['Chrome, Edge', 'Safari', 'Firefox']);
  await expect(page.getByRole('button', { name: 'Generate' })).toHaveAttribute('aria-disabled', 'true');
  const [, promised] = (await page.locator('no-webgpu .offer').textContent())?.match(/Downloads (\d+) MB/) ?? [];
  const megabytes = downloads.reduce((sum, path) => sum + statSync(path).size, 0) / 1e6;
  expect(Math.abs(Number(promised) - megabytes)).toBeLessThan(1);
  expect(large).toEqual([]);

  const { rows, settings, date } = JSON.parse(readFileSync(results, 'utf8'));
  const table = page.locator('recorded-figure');
  await expect(table.locator('tbody tr')).toHaveCount(rows.length);
  const cells = await table.locator('tbody tr').nth(2).locator('td').allTextContents();
  const { ms, latencyRatio, flopRatio, psnr } = rows[2];
  expect(cells.slice(1)).toEqual([
    (ms / 1000).toFixed(1),
    latencyRatio.toFixed(2),
    flopRatio.executed.toFixed(2),
    psnr.toFixed(1),
  ]);
  for (const fact of [settings.adapter, date.slice(0, 10), 'software adapter that stands in']) {
    await expect(table).toContainText(fact);
  }

  await offer(page).focus();
  await page.keyboard.press('Enter');
  await expect(page.locator('no-webgpu summary')).toBeFocused();
  await expect(page.getByRole('img', { name: 'Painted pizza, seed 0' })).toBeVisible({ timeout: 90_000 });
  await expect(page.getByText(/^2 steps in .*onnxruntime-web wasm on the CPU, 1 thread$/)).toBeVisible();
  await expect(page.locator('run-facts')).toContainText('onnxruntime-web wasm on the CPU, uncached');
  await expect(page).toHaveURL(/&cache=none$/);
  for (const policy of ['FORA', 'ProCache', 'ProCache+'])
    await expect(page.getByRole('radio', { name: policy, exact: true })).toBeDisabled();
  await expect(page.locator('cache-picker')).toContainText('Caching needs WebGPU');
  expect(new Set(large).size).toBe(downloads.length);

  const painted = await pixels(page);
  await page.getByLabel('Steps', { exact: true }).fill('50');
  await page.getByRole('button', { name: 'Generate' }).click();
  await expect(page.getByText(/^Step \d+ of 50 · full · \d+ ms$/)).toBeVisible({ timeout: 30_000 });
  await page.getByRole('button', { name: 'Abort' }).click();
  await expect(page.getByText('Stopped.').first()).toBeVisible({ timeout: 5_000 });
  expect(await pixels(page)).toEqual(painted);

  const onGpu = await context.newPage();
  await onGpu.goto('/#label=pizza&seed=0&steps=2&cache=none');
  await onGpu.getByRole('button', { name: 'Generate' }).click();
  await expect(onGpu.getByText(/^2 steps in /)).toBeVisible({ timeout: 90_000 });
  await expect(onGpu.locator('no-webgpu')).toHaveCount(0);
  const expected = await pixels(onGpu);
  const worst = Math.max(...painted.bytes.map((value, i) => Math.abs(value - (expected.bytes[i] as number))));
  expect(worst).toBeLessThanOrEqual(2);
});

test('without an adapter the page says so too, and is accessible in both themes', async ({ page }) => {
  await page.addInitScript(() => {
    GPU.prototype.requestAdapter = async () => null;
  });
  await page.goto('/');
  await expect(page.getByRole('alert')).toContainText(/WebGPU found no usable graphics adapter\..*driver/s);
  await expect(page.getByRole('alert')).toContainText('adapter-unavailable');
  await expect(offer(page)).toBeVisible();
  for (const [view, work] of [
    ['Compare', 'Compare'],
    ['Trade-off', 'Measure on this device'],
    ['Schedule', 'Search'],
  ] as const) {
    await page.getByRole('link', { name: view }).click();
    await expect(page.getByRole('button', { name: work, exact: true })).toHaveAttribute('aria-disabled', 'true');
  }
  await expectAccessible(page, { fromShadowDom: ['webdit-app', 'no-webgpu'] });
});

test('a page that is not secure says at once that there is no WebGPU, and paints on the processor', async ({
  page,
  baseURL,
}) => {
  // Browsers offer WebGPU to secure pages only, and plain http to any host but localhost is none.
  await page.route('http://insecure.test/**', async (route) => {
    const { pathname, search } = new URL(route.request().url());
    await route.fulfill({ response: await route.fetch({ url: `${baseURL}${pathname}${search}` }) });
  });
  await page.goto('http://insecure.test/#steps=1&label=pizza');
  await expect(page.getByRole('alert')).toContainText(/does not offer WebGPU.*https/s, { timeout: 30_000 });
  await expect(page.getByRole('alert')).toContainText('webgpu-unavailable');
  await offer(page).click();
  await expect(page.getByText(/^1 step in .* on the CPU/)).toBeVisible({ timeout: 60_000 });
});
