import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Download, Locator } from 'playwright/test';
import type { WebDitElement } from '../packages/element/src/index.ts';
import type { RunReport } from '../packages/webdit/src/index.ts';
import { expectAccessible } from './accessibility.ts';
import { expectPicture } from './canvas.ts';
import { countWeights, expect, groups, openEmbed, painted, pixels, test } from './embed-fixture.ts';
import { serveFolder } from './folder-server.ts';

const emojiDiT = fileURLToPath(new URL('../models/emoji-dit', import.meta.url));

test('three tags paint with one worker and one copy of the weights', async ({ page }) => {
  const weights = countWeights(page);
  await openEmbed(page, 'three-tags.html', 6);
  const tags = page.locator('web-dit');
  await expect(page.getByText('Waiting for its turn…')).toHaveCount(2, { timeout: 90_000 });
  for (const tag of await tags.all()) await painted(tag);
  const pictures = await Promise.all((await tags.all()).map(pixels));
  for (const picture of pictures) expectPicture(picture);
  expect(new Set(pictures).size).toBe(3);
  expect(page.workers()).toHaveLength(1);
  expect(weights.whole).toBe(1);
  expect(weights.asked).toBeLessThanOrEqual(2);
  await expectAccessible(page);
});

test('a script and a tag paint the same from the same settings; the script stops and saves', async ({ page }) => {
  await openEmbed(page, 'one-tag.html', 12);
  await painted(page.locator('web-dit'));
  const byTag = await pixels(page.locator('web-dit'));

  await openEmbed(page, 'script.html', 12);
  const tag = page.locator('web-dit');
  await page.getByLabel('What to paint').fill('pizza');
  await page.getByRole('button', { name: 'Paint' }).click();
  await expect(page.getByText(/^Step [1-9] of 12: (full|reuse|selective)\.$/)).toBeVisible({ timeout: 60_000 });
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(page.getByText('The picture was stopped.')).toBeVisible();
  await expect(tag).toHaveAttribute('state', 'ready');

  await page.getByRole('button', { name: 'Paint' }).click();
  await painted(tag);
  await expect(page.getByText(/^Seed 7: procache\S+, \d+ ms\.$/)).toBeVisible();
  expect(await pixels(tag)).toBe(byTag);
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save' }).click();
  expect((await download).suggestedFilename()).toBe('pizza.png');
  expect(await firstBytes(await download)).toEqual([0x89, 0x50, 0x4e, 0x47]);

  await page.getByLabel('What to paint').fill('piza');
  await page.getByRole('button', { name: 'Paint' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'piza' })).toContainText('pizza');
});

async function firstBytes(download: Download): Promise<number[]> {
  for await (const chunk of await download.createReadStream()) return [...(chunk as Buffer).subarray(0, 4)];
  return [];
}

test('a form needs the picture, and sends what the canvas shows', async ({ page }) => {
  await openEmbed(page, 'form.html', 2);
  const bodies: Buffer[] = [];
  const types: string[] = [];
  await page.route('**/upload', async (route) => {
    bodies.push(route.request().postDataBuffer() as Buffer);
    types.push((await route.request().headerValue('content-type')) ?? '');
    // The page stays as it is.
    await route.fulfill({ status: 204 });
  });
  const tag = page.locator('web-dit');
  const send = page.getByRole('button', { name: 'Send' });
  await send.click();
  expect(bodies).toEqual([]);
  expect(
    await tag.evaluate((element: WebDitElement) => [element.validity.valueMissing, element.validationMessage]),
  ).toEqual([true, 'Paint a picture first.']);
  await expectAccessible(page);
  expect(await groups(page)).toEqual(['Your picture']);

  // By the keyboard: the form's label leads to the button inside.
  await page.getByLabel('Your name').focus();
  await page.keyboard.press('Tab');
  await expect(page.getByRole('button', { name: 'Paint' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('button', { name: 'Stop' })).toBeFocused();
  await painted(tag);
  await expect(page.getByRole('button', { name: 'Paint' })).toBeFocused();
  expect(await tag.evaluate((element: WebDitElement) => element.checkValidity())).toBe(true);
  const shown = await pixels(tag);
  expectPicture(shown);
  await send.click();
  await expect.poll(() => bodies.length).toBe(1);
  const sent = await page.evaluate(
    async ({ bytes, type }) => {
      const body = new Response(Uint8Array.from(bytes), { headers: { 'Content-Type': type } });
      const file = (await body.formData()).get('picture') as File;
      const bitmap = await createImageBitmap(file, { colorSpaceConversion: 'none' });
      const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext(
        '2d',
      ) as OffscreenCanvasRenderingContext2D;
      context.drawImage(bitmap, 0, 0);
      return {
        name: file.name,
        type: file.type,
        pixels: context.getImageData(0, 0, bitmap.width, bitmap.height).data.join(),
      };
    },
    { bytes: [...(bodies[0] as Buffer)], type: types[0] as string },
  );
  expect(sent.name).toMatch(/^web-dit-\d+\.png$/);
  expect(sent.type).toBe('image/png');
  expect(sent.pixels).toBe(shown);

  await page.getByRole('button', { name: 'Start again' }).click();
  await expect(tag).toHaveAttribute('state', 'ready');
  expect(await tag.evaluate((element: WebDitElement) => [element.value, element.validity.valueMissing])).toEqual([
    null,
    true,
  ]);
  await expect(page.getByRole('img', { name: '🍎, not painted yet' })).toBeVisible();
});

test('another look: parts, properties and slots, also while it paints', async ({ page }) => {
  // Long enough to be looked at.
  await openEmbed(page, 'restyled.html', 24);
  const [print, dial] = [page.locator('.print'), page.locator('.dial')];
  const style = (locator: Locator, property: string) =>
    locator.evaluate((element, name) => getComputedStyle(element).getPropertyValue(name), property);
  await expect(page.getByText('A cactus, soon')).toBeVisible();
  expect(await style(print.getByRole('button'), 'background-color')).toBe('rgb(31, 111, 84)');
  expect(await style(print.locator('[part=frame]'), 'background-color')).toBe('rgb(233, 226, 211)');
  expect(await style(print.locator('[part=picture]'), 'image-rendering')).toBe('pixelated');
  expect(await style(dial.locator('[part=frame]'), 'border-radius')).toBe('50%');
  await expect(dial).toHaveAttribute('state', 'generating', { timeout: 60_000 });
  // The page's ring stands in for the bar, and knows how far the run is.
  await expect(dial.getByRole('progressbar')).toBeHidden();
  const ring = page.locator('.ring');
  await expect.poll(() => style(ring, '--webdit-progress'), { intervals: [100], timeout: 60_000 }).toMatch(/^0\.[1-9]/);
  await painted(print);
  await painted(dial);
  await expect(page.getByText('A cactus, soon')).toBeHidden();
  await expect(dial.getByText(/^Seed/)).toBeHidden();
  expect(await style(print.locator('[part=status]'), 'font-style')).toBe('italic');
  expectPicture(await pixels(print));
  expectPicture(await pixels(dial));
  await expectAccessible(page);
});

test('another folder, on another site and with names of its own', async ({ page }) => {
  const folder = mkdtempSync(join(tmpdir(), 'webdit-folder-'));
  cpSync(emojiDiT, folder, { recursive: true });
  // Says which files there are, as they were.
  rmSync(join(folder, 'manifest.json'));
  const classes = readFileSync(join(folder, 'classes.json'), 'utf8');
  writeFileSync(join(folder, 'classes.json'), classes.replace('"label": "pizza"', '"label": "house special"'));
  const server = await serveFolder(folder);
  try {
    await openEmbed(page, 'other-folder.html', 2);
    const tag = page.locator('web-dit');
    const paint = page.getByRole('button', { name: 'Load and paint' });
    await paint.click();
    await expect(page.getByText('emoji-dit: 8 layers, 1008 classes, weights in f16.')).toBeVisible({ timeout: 90_000 });
    const pizza = await pixels(tag);
    expectPicture(pizza);
    await expectAccessible(page);

    await page.getByLabel('Folder').fill(server.url);
    await paint.click();
    await expect(tag.getByRole('alert')).toContainText('pizza', { timeout: 60_000 });
    await page.getByLabel('What to paint').fill('house special');
    await paint.click();
    await painted(tag);
    await expect(page.getByRole('img', { name: 'Painted house special, seed 7' })).toBeVisible();
    expect(await pixels(tag)).toBe(pizza);
    expect(server.requests).toContain('transformer/diffusion_pytorch_model.safetensors');

    await page.getByLabel('Folder').fill('../../models/nothing/');
    await paint.click();
    await expect(tag.getByRole('alert')).toContainText('not-found', { timeout: 60_000 });
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true });
  }
});

test('a policy of the page’s own plans the steps', async ({ page }) => {
  await page.addInitScript(() => {
    const reports: Record<string, RunReport> = {};
    Object.assign(window, { reports });
    addEventListener('webdit-image', ({ target, detail }) => {
      reports[(target as WebDitElement).getAttribute('cache') as string] = detail.report;
    });
  });
  await openEmbed(page, 'own-policy.html', 16);
  const [plain, own] = await page.locator('web-dit').all();
  for (const tag of [plain, own]) await painted(tag as Locator);
  const reports = await page.evaluate(() => (window as unknown as { reports: Record<string, RunReport> }).reports);
  expect(reports.bookends?.policy).toBe('bookends');
  const kinds = reports.bookends?.steps.map(({ kind }) => (kind === 'full' ? '1' : '0')).join('');
  expect(kinds).toBe('1111101001011111');
  expect(reports.none?.flopRatio.executed).toBe(1);
  // 12 of 16 steps are full.
  expect(reports.bookends?.flopRatio.executed).toBeGreaterThan(1.25);
  expect(reports.bookends?.flopRatio.executed).toBeLessThan(16 / 12);
  const [full, reused] = await Promise.all([pixels(plain as Locator), pixels(own as Locator)]);
  expectPicture(full);
  expectPicture(reused);
  const distance = meanDistance(full, reused);
  expect(distance).toBeGreaterThan(0);
  expect(distance).toBeLessThan(20);
  await expectAccessible(page);
});

/** Mean absolute difference of two pictures' bytes. */
function meanDistance(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.split(',').map(Number)) as [number[], number[]];
  return left.reduce((sum, byte, i) => sum + Math.abs(byte - (right[i] as number)), 0) / left.length;
}
