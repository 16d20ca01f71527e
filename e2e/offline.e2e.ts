import type { Page } from 'playwright/test';
import { pixelsOf } from './canvas.ts';
import { expect, test } from './fixture.ts';
import { StaticSite } from './static-site.ts';

test.use({ serviceWorkers: 'allow' });

const settings = '#label=pizza&seed=7&steps=2&guidance=3&cache=none';

const runtime = [
  expect.stringMatching(/^assets\/ort-wasm-simd-threaded-.*\.wasm$/),
  expect.stringMatching(/^assets\/ort-wasm-simd-threaded\.jspi-.*\.wasm$/),
];

async function paint(page: Page): Promise<string> {
  await page.getByRole('button', { name: 'Generate' }).click();
  await expect(page.getByText(/^2 steps in /)).toBeVisible({ timeout: 90_000 });
  return pixelsOf(page.locator('stamp-view canvas'));
}

/** What was asked for since the last call and has more than 1 MB. A file whose head is read first is asked for twice. */
const large = (site: StaticSite) =>
  [...new Set(site.sent().flatMap(({ path, bytes }) => (bytes > 1e6 ? [path] : [])))].sort();

/** A site for one test. */
async function withSite(work: (site: StaticSite) => Promise<void>): Promise<void> {
  const site = new StaticSite('/some/where/');
  await site.start();
  try {
    await work(site);
  } finally {
    await site.stop();
  }
}

test('kept offline, the page paints without a server, also after an update of the app', async ({ page }) => {
  // Three loads of the model; on a machine with other work to do each takes long.
  test.slow();
  await withSite(async (site) => {
    await page.goto(`${site.url}${settings}`);
    await page.getByRole('button', { name: 'Keep offline' }).click();
    const panel = page.getByRole('dialog', { name: 'Keep this page offline' });
    await expect(panel).toContainText(/Model\s*26\.\d MB\s*Runtime\s*31\.\d MB\s*Still to download\s*58\.\d MB/);
    expect(large(site)).toEqual([]);

    await panel.getByRole('button', { name: /^Download 58\.\d MB$/ }).click();
    await expect(page.getByRole('button', { name: 'Works offline' })).toBeVisible({ timeout: 60_000 });
    expect(large(site)).toEqual([
      ...runtime,
      'models/emoji-dit/transformer/diffusion_pytorch_model.safetensors',
      'models/emoji-dit/vae/decoder.onnx',
      'models/emoji-dit/vae/encoder.onnx',
    ]);
    await page.keyboard.press('Escape');

    const online = await paint(page);
    expect(new Set(online.split(',')).size).toBeGreaterThan(50);
    expect(large(site)).toEqual([]);

    await site.stop();
    await page.reload();
    await expect(page.getByRole('button', { name: 'Works offline' })).toBeVisible();
    expect(await paint(page)).toBe(online);
    expect(site.sent()).toEqual([]);

    site.release();
    await site.start();
    const steps = page.getByRole('spinbutton', { name: 'Steps' });
    await steps.fill('100');
    await page.getByRole('button', { name: 'Generate' }).click();
    await page.evaluate(async () => (await navigator.serviceWorker.ready).update());
    const notice = page.getByRole('status').filter({ hasText: 'A new version is ready' });
    await expect(notice).toHaveText('A new version is ready; reload when the work is done.', { timeout: 30_000 });
    await expect(notice.getByRole('button')).toHaveCount(0);
    await page.getByRole('button', { name: 'Abort' }).click();
    await steps.fill('2');
    await notice.getByRole('button', { name: 'Reload' }).click();
    await expect(page.locator('script[src*="-v1"]')).toBeAttached({ timeout: 30_000 });
    await expect(notice).toHaveCount(0);
    // The new runtime came with the update; the model is the same.
    expect(large(site)).toEqual(runtime);

    await site.stop();
    await page.reload();
    await expect(page.getByRole('button', { name: 'Works offline' })).toBeVisible();
    expect(await paint(page)).toBe(online);
    expect(site.sent()).toEqual([]);
  });
});

test('a download can be stopped, fails with a sentence, goes on from there, and can be taken back', async ({
  page,
  complaints,
}) => {
  await withSite(async (site) => {
    await page.goto(site.url);
    await page.getByRole('button', { name: 'Keep offline' }).click();
    const panel = page.getByRole('dialog');
    const download = panel.getByRole('button', { name: /^Download/ });

    // The last of all.
    const path = /threaded-[^.]*\.wasm$/;
    site.trouble = { path, kind: 'stalls' };
    await download.click();
    // All that arrives is 88 % of 58.1 MB, less what the browser has in its hands.
    const percent = () => panel.getByRole('progressbar').evaluate((bar: HTMLProgressElement) => bar.value);
    await expect.poll(percent, { timeout: 60_000 }).toBeGreaterThanOrEqual(80);
    expect(await percent()).toBeLessThanOrEqual(88);
    await panel.getByRole('button', { name: 'Stop' }).click();
    await expect(download).toHaveText('Download 14.2 MB');
    await expect(panel.getByRole('alert')).toHaveCount(0);

    site.trouble = { path, kind: 'fails' };
    complaints.allow(/the server responded with a status of 503.*wasm/);
    await download.click();
    await expect(panel.getByRole('alert')).toContainText(/The download failed\. The server answered 503.*network/s);
    await expect(download).toHaveText('Download 14.2 MB');

    site.trouble = null;
    site.sent();
    await download.click();
    await expect(page.getByRole('button', { name: 'Works offline' })).toBeVisible({ timeout: 30_000 });
    expect(large(site)).toEqual(runtime.slice(0, 1));

    // Without its model it does not work offline, whoever deleted it.
    await page.keyboard.press('Escape');
    await page.getByRole('link', { name: 'Models' }).click();
    await page.getByRole('button', { name: 'Delete emoji-dit' }).click();
    await page.getByRole('button', { name: /^Delete 2\d\.\d MB$/ }).click();
    await page.getByRole('button', { name: 'Keep offline' }).click();
    await expect(download).toHaveText(/^Download 26\.\d MB$/);

    await panel.getByRole('button', { name: 'Remove from this device' }).click();
    await expect(download).toHaveText(/^Download 5\d\.\d MB$/);
    const usage = () => page.evaluate(async () => (await navigator.storage.estimate()).usage);
    await expect.poll(usage).toBeLessThan(5e6);
  });
});

test('an update is offered to every tab, reloads none by itself, and brings nothing large unasked', async ({
  page,
  context,
}) => {
  await withSite(async (site) => {
    await page.goto(site.url);
    await expect(page.getByRole('button', { name: 'Keep offline' })).toBeVisible();
    const other = await context.newPage();
    await other.goto(site.url);
    await expect(other.getByRole('button', { name: 'Keep offline' })).toBeVisible();

    site.release();
    await page.evaluate(async () => (await navigator.serviceWorker.ready).update());
    for (const tab of [page, other]) await expect(tab.getByText('A new version is ready.')).toBeVisible();
    await page.getByRole('button', { name: 'Reload' }).click();
    await expect(page.locator('script[src*="-v1"]')).toBeAttached();
    await expect(page.getByText('A new version is ready.')).toHaveCount(0);
    await expect(other.getByText('A new version is ready.')).toBeVisible();
    await expect(other.locator('script[src*="-v1"]')).toHaveCount(0);
    await other.getByRole('button', { name: 'Reload' }).click();
    await expect(other.locator('script[src*="-v1"]')).toBeAttached();
    expect(large(site)).toEqual([]);
  });
});
