import { readFile } from 'node:fs/promises';
import type { Locator } from 'playwright/test';
import type { CompareSummary, RatioStandings } from '../packages/webdit/src/index.ts';
import { expectAccessible } from './accessibility.ts';
import { canvasBytes, flopRatio } from './compared.ts';
import { expect, test } from './fixture.ts';

interface Study {
  readonly date: string;
  readonly settings: { readonly adapter: string };
  readonly rows: readonly CompareSummary[];
  readonly standings: readonly RatioStandings[];
}

/** Uncached, fewer steps of two samplers and FORA are enough, and quick. */
async function onlyFora(view: Locator): Promise<void> {
  for (const family of [/^TaylorSeer/, /^ProCache B?/, /^ProCache\+/]) {
    const box = view.getByRole('checkbox', { name: family });
    for (const each of await box.all()) await each.uncheck();
  }
}

test('Trade-off fills a chart on this device, keeps it, and hands it out', async ({ page }) => {
  await page.goto('/#/tradeoff?label=butterfly&seed=7&steps=4');
  const view = page.locator('tradeoff-view');
  const points = view.locator('tradeoff-chart .point');
  await onlyFora(view);
  await view.getByRole('button', { name: 'Measure on this device' }).click();
  // The chart fills while it goes on, and what is done outlives a pause.
  await expect(points.nth(1)).toBeVisible({ timeout: 90_000 });
  await view.getByRole('button', { name: 'Pause' }).click();
  await expect(view.getByText('Paused; what is measured stays.')).toBeVisible({ timeout: 10_000 });
  const before = await points.count();
  expect(before).toBeLessThan(5);
  await page.reload();
  await expect(points).toHaveCount(before);
  await onlyFora(view);
  await view.getByRole('button', { name: 'Measure on this device' }).click();
  // none; 2 and 1 steps, of either sampler; FORA 2 and 3.
  await expect(points).toHaveCount(7, { timeout: 90_000 });
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

  // Another sampler's picture is its own, and no link could draw it.
  const pictureOf = async (row: string) => {
    await points.and(view.locator(`[data-row="${row}"]`)).focus();
    await page.keyboard.press('Enter');
    await expect(view.getByRole('heading', { name: row, exact: true })).toBeVisible();
    return canvasBytes(page, 'tradeoff-view .after canvas');
  };
  const ofModel = await pictureOf('none at 2 steps');
  expect(await pictureOf('none at 2 steps of dpmpp')).not.toEqual(ofModel);
  await expect(view.locator('tradeoff-detail')).toContainText('dpmpp-linspace');
  await expect(view.getByRole('link', { name: 'Paint with it' })).toBeHidden();

  const save = async (name: string) => {
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      view.getByRole('button', { name, exact: true }).click(),
    ]);
    return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
  };
  const json = JSON.parse(String((await save('JSON')).bytes));
  expect(json.format).toBe('webdit-compare/1');
  expect(json.measurements).toHaveLength(7);
  const lines = String((await save('CSV')).bytes)
    .trim()
    .split('\r\n');
  expect(lines).toHaveLength(8);
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

const policies = ['FORA', 'ToCa', 'DuCa', 'Delta-DiT', 'TaylorSeer', 'TeaCache', 'DBCache'];
const families = ['Fewer steps', 'DPM-Solver++', ...policies, 'SmoothCache', 'MagCache', 'ProCache', 'ProCache+'];

test('Trade-off offers every policy, and shows the committed study', async ({ page }) => {
  const name = 'study-emoji-dit-50-node-lavapipe.json';
  const { rows, standings, date, settings }: Study = JSON.parse(await readFile(`bench/results/${name}`, 'utf8'));
  await page.goto('/#/tradeoff?label=butterfly&seed=7&steps=50');
  const view = page.locator('tradeoff-view');
  const offered = view.getByRole('group', { name: 'Ways to be faster' }).locator('label span');
  await expect(offered).toHaveText(families);

  const study = view.locator('recorded-standings');
  const summary = study.locator('summary');
  for (const fact of [date.slice(0, 10), settings.adapter, 'a software adapter that stands in for a GPU', name]) {
    await expect(summary).toContainText(fact);
  }
  await expect(study.locator('table')).toHaveCount(standings.length);
  await expect(study.locator('table').first()).toBeHidden();
  await summary.focus();
  await page.keyboard.press('Enter');
  expect(standings.map(({ ratio }) => ratio)).toEqual([2, 3, 4.5]);
  for (const { ratio, rows } of standings) {
    const lines = study.locator(`table[data-ratio="${ratio}"] tbody tr`);
    await expect(lines.first()).toBeVisible();
    await expect(lines).toHaveCount(rows.length);
    for (const [i, { row, flopRatio, sharedError, psnr, peakGpuBytes, pairs, against }] of rows.entries()) {
      await expect(lines.nth(i).locator('th')).toHaveText(row);
      const cells = (await lines.nth(i).locator('td').allInnerTexts()).map((text) => text.trim());
      const [difference = ''] = cells.splice(2, 1);
      expect(cells).toEqual([
        flopRatio.executed.toFixed(3),
        sharedError.toFixed(4),
        Number(psnr).toFixed(1),
        (peakGpuBytes / 2 ** 20).toFixed(1),
        String(pairs),
      ]);
      if (against === null) continue;
      const { low, high } = against.interval;
      expect(difference.match(/[+-]\d\.\d+/g)?.map(Number)).toEqual(
        [against.difference, low, high].map((value) => Number(value.toFixed(4)) + 0),
      );
      expect(difference).toContain(`than ${against.row}`);
    }
  }

  // The same rows are the faint points, at the steps they were drawn with only.
  const faint = view.locator('tradeoff-chart .recorded .mark');
  await expect(faint).toHaveCount(rows.length);
  await expectAccessible(page);
  await page.goto('/#/tradeoff?label=butterfly&seed=7&steps=20');
  await expect(faint).toHaveCount(0);
  const calibrated = ['SmoothCache', 'MagCache'];
  await expect(offered).toHaveText(families.filter((name) => !calibrated.includes(name)));
  await expect(summary).toBeVisible();
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
