import { expect, test } from 'playwright/test';
import { longFrames, openBlank, watchFrames } from './support.ts';

test('a script that blocks the page for 100 ms is seen', async ({ page }) => {
  await page.route('**/block.js', (route) =>
    route.fulfill({
      contentType: 'text/javascript',
      body: 'globalThis.block = (ms) => setTimeout(function busy() { const end = performance.now() + ms; while (performance.now() < end); });',
    }),
  );
  await watchFrames(page);
  await openBlank(page);
  await page.addScriptTag({ url: '/block.js' });
  const block = (ms: number) =>
    page.evaluate((ms) => {
      (globalThis as unknown as { block: (ms: number) => void }).block(ms);
      return new Promise((resolve) => setTimeout(resolve));
    }, ms);
  await block(10);
  expect(await longFrames(page)).toEqual([]);
  await block(100);
  expect(await longFrames(page)).toEqual([
    { duration: expect.any(Number), source: expect.stringMatching(/\/block\.js busy$/) },
  ]);
});
