import { readFile } from 'node:fs/promises';
import { decode, encode } from 'fast-png';
import type { Page } from 'playwright/test';
import { expectAccessible } from './accessibility.ts';
import { pixelsOf } from './canvas.ts';
import { expect, test } from './fixture.ts';

const canvasPixels = (page: Page) => pixelsOf(page.locator('stamp-view canvas'));
const kindsOnStrip = (page: Page) =>
  page.locator('step-strip [data-n]').evaluateAll((cells) => cells.map((cell) => (cell as HTMLElement).dataset.kind));
const stamps = (page: Page) => page.locator('history-sheet li');
const stamp = (page: Page, name: RegExp) => page.locator('history-sheet .picture').and(page.getByLabel(name));
const fileInput = (page: Page) => page.locator('picture-actions input[type=file]');

/** Keeps every preview the stamp shows, as text. */
async function watchPreviews(page: Page): Promise<() => Promise<string[]>> {
  await page.evaluate(() => {
    const canvas = document
      .querySelector('webdit-app')
      ?.shadowRoot?.querySelector('generate-view')
      ?.shadowRoot?.querySelector('stamp-view')
      ?.shadowRoot?.querySelector('canvas') as HTMLCanvasElement;
    const seen = new Set<string>();
    const look = () => {
      if (canvas.ariaLabel?.startsWith('Preview of') && canvas.width === 16) {
        const { data } = (canvas.getContext('2d') as CanvasRenderingContext2D).getImageData(0, 0, 16, 16);
        seen.add([...data].join());
      }
      requestAnimationFrame(look);
    };
    look();
    Object.assign(window, { e2ePreviews: seen });
  });
  return () => page.evaluate(() => [...(window as unknown as { e2ePreviews: Set<string> }).e2ePreviews]);
}

async function paint(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Generate' }).click();
  await expect(page.getByRole('button', { name: 'Abort' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Abort' })).toHaveCount(0, { timeout: 90_000 });
}

test('a picture is foreseen, kept, downloaded, opened, painted again, deleted', async ({ page, context }) => {
  test.slow();
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const settings = '#label=butterfly&seed=7&steps=5&guidance=3&cache=fora';
  await page.goto(`/${settings}`);
  await expect(page.getByRole('img', { name: 'Noise, not painted yet' })).toBeVisible();
  await expect(page.getByRole('link', { name: 'Download PNG' })).toHaveCount(0);
  const noise = await canvasPixels(page);

  const previews = await watchPreviews(page);
  await paint(page);
  await expect(page.getByRole('img', { name: 'Painted butterfly, seed 7' })).toBeVisible();
  const painted = await canvasPixels(page);
  const kinds = await kindsOnStrip(page);
  expect(kinds).toHaveLength(5);
  const foreseen = await previews();
  expect(foreseen.length).toBeGreaterThanOrEqual(2);
  expect(foreseen).not.toContain(noise);

  await page.getByRole('button', { name: 'Copy link' }).click();
  await expect(page.getByText('Link copied')).toBeVisible();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  expect(link).toBe(page.url());
  expect(new URL(link).hash).toBe(settings);

  const downloading = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Download PNG' }).click();
  const download = await downloading;
  expect(download.suggestedFilename()).toBe('webdit-butterfly-7.png');
  const file = await readFile(await download.path());
  const png = decode(file, { checkCrc: true });
  expect([png.width, png.height, [...png.data].join()]).toEqual([64, 64, painted]);
  const policy = await page.locator('run-facts code').textContent();
  expect(JSON.parse(png.text['webdit-settings'] ?? '')).toEqual({
    format: 'webdit-settings/1',
    label: 'butterfly',
    seed: 7,
    steps: 5,
    guidance: 3,
    cache: 'fora',
    modelUrl: '',
    model: 'emoji-dit',
    dtype: 'f16',
    adapter: expect.stringMatching(/swiftshader/i),
    policy,
    webdit: expect.stringMatching(/^\d+\.\d+\.\d+/),
  });

  await test.step('opening the file brings the settings back, and they paint the same picture', async () => {
    await page.goto('/#label=pizza&seed=1&steps=3&guidance=2&cache=none');
    await fileInput(page).setInputFiles({ name: 'mine.png', mimeType: 'image/png', buffer: file });
    await expect(page.getByText('These are the settings of mine.png.')).toBeVisible();
    await expect.poll(() => new URL(page.url()).hash).toBe(settings);
    await paint(page);
    expect(await canvasPixels(page)).toBe(painted);
    await expect(stamps(page)).toHaveCount(2);
  });

  await test.step('a file may be dropped too; files that are none of ours are refused in a sentence', async () => {
    await page.goto('/#label=pizza&seed=1&steps=3&guidance=2&cache=none');
    const transfer = await page.evaluateHandle(
      (bytes) => {
        const data = new DataTransfer();
        data.items.add(new File([new Uint8Array(bytes)], 'dropped.png', { type: 'image/png' }));
        return data;
      },
      [...file],
    );
    await page.dispatchEvent('generate-view', 'dragover', { dataTransfer: transfer });
    await expect(page.locator('.stage.target')).toBeVisible();
    await page.dispatchEvent('generate-view', 'drop', { dataTransfer: transfer });
    await expect(page.getByText('These are the settings of dropped.png.')).toBeVisible();
    await expect(page.locator('.stage.target')).toHaveCount(0);
    await expect.poll(() => new URL(page.url()).hash).toBe(settings);

    const plain = Buffer.from(encode({ width: 1, height: 1, data: new Uint8Array(4) }));
    for (const [name, buffer, says] of [
      ['cut.png', file.subarray(0, file.length - 20), 'cut.png is damaged: it ends too early.'],
      ['plain.png', plain, 'plain.png holds no settings'],
      ['notes.txt', Buffer.from('hello'), 'notes.txt is not a PNG.'],
    ] as const) {
      await fileInput(page).setInputFiles({ name, mimeType: 'image/png', buffer: Buffer.from(buffer) });
      await expect(page.locator('picture-actions').getByRole('alert')).toContainText(says);
    }
    expect(new URL(page.url()).hash).toBe(settings);
  });

  await test.step('the history outlives a reload and shows pictures again', async () => {
    await page.goto('/#label=pizza&seed=1&steps=1&guidance=1&cache=none');
    await paint(page);
    await expect(stamps(page)).toHaveCount(3);
    await page.reload();
    await expect(stamps(page)).toHaveCount(3);
    await stamp(page, /^butterfly, seed 7: 5 steps, fora/)
      .first()
      .click();
    await expect(page.getByRole('img', { name: 'Painted butterfly, seed 7' })).toBeVisible();
    expect(await canvasPixels(page)).toBe(painted);
    await expect.poll(() => new URL(page.url()).hash).toBe(settings);
    await expect(page.locator('run-facts code')).toHaveText(policy ?? '');
    expect(await kindsOnStrip(page)).toEqual(kinds);
    const again = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Download PNG' }).click();
    expect(await readFile(await (await again).path())).toEqual(file);
  });

  await expectAccessible(page);

  await test.step('two tabs show the same, and what one deletes the other can see go', async () => {
    const other = await context.newPage();
    await other.goto('/');
    await expect(stamps(other)).toHaveCount(3);
    await other.getByRole('button', { name: 'Delete pizza, seed 1' }).click();
    await expect(stamps(other)).toHaveCount(2);
    await expect(stamps(page)).toHaveCount(2);
    await other.getByRole('button', { name: 'Undo' }).click();
    await expect(stamps(page)).toHaveCount(3);
    await other.close();
  });

  await test.step('the keyboard walks, deletes and clears; nothing is lost by mistake', async () => {
    await stamp(page, /^pizza/).focus();
    await page.keyboard.press('ArrowRight');
    await expect(stamp(page, /^butterfly/).first()).toBeFocused();
    await page.keyboard.press('Delete');
    await expect(stamps(page)).toHaveCount(2);
    await expect(page.getByText('butterfly, seed 7 deleted.')).toBeVisible();
    await expect(stamp(page, /^butterfly/)).toBeFocused();
    await page.getByRole('button', { name: 'Clear all' }).click();
    await expect(stamps(page)).toHaveCount(0);
    await expect(page.getByRole('button', { name: 'Undo' })).toBeFocused();
    await page.keyboard.press('Enter');
    await expect(stamps(page)).toHaveCount(2);
    await page.getByRole('button', { name: 'Clear all' }).click();
    await page.reload();
    await expect(page.getByRole('option').first()).toBeVisible();
    await expect(stamps(page)).toHaveCount(0);
  });
});

test('without storage the history lasts as long as the tab, and says so; stillness is kept where it is wished for', async ({
  page,
}) => {
  await page.addInitScript(() => {
    IDBFactory.prototype.open = () => {
      throw new DOMException('The operation is insecure.', 'SecurityError');
    };
  });
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.goto('/#label=pizza&seed=1&steps=9&guidance=1&cache=none');
  await expect(page.getByRole('option').first()).toBeVisible();
  const previews = await watchPreviews(page);
  await paint(page);
  await expect(stamps(page)).toHaveCount(1);
  await expect(page.getByText('This browser would not store them')).toBeVisible();
  // Every second of nine steps.
  expect((await previews()).length).toBeLessThanOrEqual(4);
  await page.getByRole('button', { name: 'Delete pizza, seed 1' }).click();
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(stamps(page)).toHaveCount(1);
  await page.reload();
  await expect(page.getByRole('option').first()).toBeVisible();
  await expect(stamps(page)).toHaveCount(0);
});
