import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright/test';
import { compileRunPlan } from '../packages/core/src/index.ts';
import { openModelFolder } from '../packages/weights/src/index.ts';
import { pathSource } from '../packages/weights/src/node.ts';
import { expect, test } from './fixture.ts';

/** Executed FLOPs of the uncached run over those of a policy, from their plans. */
async function flopRatio(steps: number, cache: string): Promise<number> {
  const { config, scheduler } = await openModelFolder(pathSource('models/emoji-dit'));
  const flops = (cache: string) =>
    compileRunPlan({ model: config, sampler: scheduler, steps, guidanceScale: 3, label: 0, cache }).steps.reduce(
      (sum, step) => sum + step.flops,
      0,
    );
  return flops('none') / flops(cache);
}

const canvasBytes = (page: Page, selector: string) =>
  page.locator(selector).evaluate((canvas: HTMLCanvasElement) => {
    const { data } = (canvas.getContext('2d') as CanvasRenderingContext2D).getImageData(0, 0, 64, 64);
    return [...data];
  });

test('Compare draws one seed with and without a policy in turns, and says what it saved and cost', async ({ page }) => {
  await page.goto('/#/compare?label=butterfly&seed=7&steps=4&cache=fora:2');
  const view = page.locator('compare-view');
  await view.getByRole('button', { name: 'Compare' }).click();
  await expect(view.getByText('median of 3 rounds')).toBeVisible({ timeout: 90_000 });

  const text = async (name: string) => (await view.locator(`dt:text-is("${name}") + dd`).textContent()) ?? '';
  const fact = async (name: string) => Number.parseFloat(await text(name));
  expect(await fact('FLOP ratio')).toBeCloseTo(await flopRatio(4, 'fora:2'), 2);
  expect(await fact('Latency ratio')).toBeGreaterThan(1.1);
  const times = (await text('Uncached loop')).match(/\d+/g) ?? [];
  expect(times).toHaveLength(3);

  // What is on the canvases is what the numbers speak of.
  const [uncached, cached] = [
    await canvasBytes(page, 'compare-view .before canvas'),
    await canvasBytes(page, 'compare-view .after canvas'),
  ];
  const channels = uncached.map((value, i) => (i % 4 === 3 ? 0 : (value - (cached[i] as number)) ** 2));
  const mse = channels.reduce((sum, square) => sum + square, 0) / (64 * 64 * 3);
  expect(await fact('PSNR')).toBeCloseTo(10 * Math.log10(255 ** 2 / mse), 1);
  expect(await fact('SSIM')).toBeGreaterThan(0.1);
  expect(await fact('SSIM')).toBeLessThan(1);

  await view.getByRole('radio', { name: 'Difference' }).check();
  const difference = await canvasBytes(page, 'compare-view .between canvas');
  const at = uncached.findIndex((value, i) => i % 4 !== 3 && Math.abs(value - (cached[i] as number)) === 3);
  expect(difference[at]).toBe(128 + 10 * ((cached[at] as number) - (uncached[at] as number)));

  // The slider uncovers one or the other, by mouse and by keyboard.
  await view.getByRole('radio', { name: 'Swipe' }).check();
  const slider = view.getByRole('slider', { name: /^Uncover uncached or fora_N2$/ });
  await slider.press('Home');
  await expect(view.locator('.before')).toHaveCSS('clip-path', 'inset(0px 100% 0px 0px)');
  await slider.press('End');
  await expect(view.locator('.before')).toHaveCSS('clip-path', 'inset(0px 0% 0px 0px)');

  // Other views see the same settings, and the work can be stopped from there.
  await view.getByRole('spinbutton', { name: 'Steps' }).fill('100');
  await view.getByRole('button', { name: 'Compare' }).click();
  await page.getByRole('link', { name: 'Generate' }).click();
  await expect(page.getByText('Compare is using the graphics card.')).toBeVisible();
  await page.getByRole('button', { name: 'Stop it' }).click();
  await expect(page.getByText('Compare is using the graphics card.')).toHaveCount(0, { timeout: 10_000 });
  await expect(page.locator('generate-view').getByRole('spinbutton', { name: 'Steps' })).toHaveValue('100');
});

test('Trade-off fills a chart on this device, keeps it, and hands it out', async ({ page }) => {
  await page.goto('/#/tradeoff?label=butterfly&seed=7&steps=4');
  const view = page.locator('tradeoff-view');
  const points = view.locator('tradeoff-chart .point');
  await view.getByRole('checkbox', { name: 'ProCache' }).uncheck();
  await view.getByRole('button', { name: 'Measure on this device' }).click();
  // The chart fills while it goes on, and what is done outlives a pause.
  await expect(points.nth(1)).toBeVisible({ timeout: 90_000 });
  await view.getByRole('button', { name: 'Pause' }).click();
  await expect(view.getByText('Paused; what is measured stays.')).toBeVisible({ timeout: 10_000 });
  const before = await points.count();
  expect(before).toBeLessThan(5);
  await page.reload();
  await expect(points).toHaveCount(before);
  await view.getByRole('checkbox', { name: 'ProCache' }).uncheck();
  await view.getByRole('button', { name: 'Measure on this device' }).click();
  // none; 2 and 1 steps; FORA 2 and 3.
  await expect(points).toHaveCount(5, { timeout: 90_000 });
  await expect(view.getByRole('button', { name: 'Measure on this device' })).toBeVisible({ timeout: 30_000 });

  const cell = async (row: string, column: number) =>
    Number(await view.locator(`tr[data-row="${row}"] td`).nth(column).textContent());
  expect(await cell('fora:2', 2)).toBeCloseTo(await flopRatio(4, 'fora:2'), 2);
  expect(await cell('none at 2 steps', 2)).toBe(2);
  expect(await cell('none', 1)).toBe(1);
  const decibels = await cell('fora:2', 3);
  expect(decibels).toBeGreaterThan(5);
  expect(decibels).toBeLessThan(60);

  // A point opens its picture and leads to the settings that draw it.
  await points.and(view.locator('[data-row="fora:2"]')).focus();
  await page.keyboard.press('Enter');
  await expect(view.getByRole('heading', { name: 'fora:2' })).toBeVisible();
  const picture = await canvasBytes(page, 'tradeoff-view .after canvas');
  expect(new Set(picture).size).toBeGreaterThan(20);
  await expect(view.getByRole('link', { name: 'Paint with it' })).toHaveAttribute('href', /steps=4.*cache=fora%3A2$/);

  const save = async (name: string) => {
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      view.getByRole('button', { name, exact: true }).click(),
    ]);
    return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
  };
  const json = JSON.parse(String((await save('JSON')).bytes));
  expect(json.format).toBe('webdit-compare/1');
  expect(json.measurements).toHaveLength(5);
  const lines = String((await save('CSV')).bytes)
    .trim()
    .split('\r\n');
  expect(lines).toHaveLength(6);
  expect(lines[0]).toMatch(/^row,policy,steps,.*latency_ratio,flop_ratio_executed/);
  const png = await save('PNG of the chart');
  expect(png.name).toBe('webdit-tradeoff-4-steps.png');
  expect([...png.bytes.subarray(1, 4)].map((byte) => String.fromCharCode(byte)).join('')).toBe('PNG');
  // Twice the chart's width on the page.
  const width = await view.locator('tradeoff-chart svg').evaluate((svg) => svg.clientWidth);
  expect(png.bytes.readUInt32BE(16)).toBe(2 * width);

  // FLOPs are an axis of their own.
  await view.getByRole('radio', { name: 'FLOP ratio' }).check();
  await expect(points.and(view.locator('[data-row="none at 2 steps"]'))).toHaveAccessibleName(
    /^Fewer steps 2 steps: 2\.00 times, /,
  );
});

test('the presets carry the time and the quality they have on this device', async ({ page }) => {
  await page.goto('/#label=butterfly&seed=7&steps=3&cache=none');
  const presets = page.locator('preset-picker');
  await expect(presets.getByText('not measured here')).toHaveCount(3);
  await presets.getByRole('button', { name: 'Measure the three on this device' }).click();
  await expect(presets.getByText(/^[\d.]+ s, uncached$/)).toBeVisible({ timeout: 60_000 });
  const cached = presets.getByText(/^[\d.]+ s, [\d.]+ dB$/);
  await expect(cached).toHaveCount(2, { timeout: 60_000 });
  for (const text of await cached.allInnerTexts()) {
    const [seconds, decibels] = text.match(/[\d.]+/g)?.map(Number) ?? [];
    expect(seconds).toBeGreaterThan(0.01);
    expect(decibels).toBeGreaterThan(3);
  }
  await presets.getByRole('radio', { name: 'Fast' }).check();
  await expect(page).toHaveURL(/&cache=fora%3A5$/);
  await page.reload();
  await expect(cached).toHaveCount(2);
});
