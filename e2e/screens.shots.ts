import type { Locator, Page } from 'playwright/test';
import { expect, test } from './fixture.ts';

// Not a test of anything but that every view gets this far: `node scripts/run.mjs screens` draws the pictures of the docs.

const sizes = { desktop: { width: 1280, height: 860 }, phone: { width: 390, height: 844 } };
const settings = 'label=butterfly&seed=7&steps=20';
const minutes = 60_000;

/** One view in both themes and both sizes, in the state it is in. */
async function shoot(page: Page, view: string): Promise<void> {
  for (const [size, viewport] of Object.entries(sizes)) {
    await page.setViewportSize(viewport);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page.mouse.move(0, 0);
      await page.screenshot({
        path: `docs/screens/${view}-${size}-${colorScheme}.jpg`,
        type: 'jpeg',
        quality: 85,
        fullPage: true,
      });
    }
  }
  await page.setViewportSize(sizes.desktop);
}

const press = (scope: Locator, name: string | RegExp) => scope.getByRole('button', { name }).first().click();

test('screens of every view', async ({ page }) => {
  test.setTimeout(20 * minutes);
  await page.setViewportSize(sizes.desktop);

  await page.goto(`/#${settings}`);
  const generate = page.locator('generate-view');
  await press(generate, 'Measure the three on this device');
  await expect(generate.getByText('not measured here')).toHaveCount(0, { timeout: 3 * minutes });
  for (const seed of [1, 2, 7]) {
    await generate.getByRole('spinbutton', { name: 'Seed' }).fill(String(seed));
    await press(generate, /^Generate/);
    await expect(page.getByRole('img', { name: `Painted butterfly, seed ${seed}` })).toBeVisible({ timeout: minutes });
  }
  await shoot(page, 'generate');

  await page.goto(`/#/compare?${settings}`);
  const compare = page.locator('compare-view');
  await press(compare, 'Compare');
  await expect(compare.getByText('median of 3 rounds')).toBeVisible({ timeout: 3 * minutes });
  await shoot(page, 'compare');

  // The steps of the committed curve.
  await page.goto(`/#/tradeoff?${settings.replace('20', '50')}`);
  const tradeoff = page.locator('tradeoff-view');
  await press(tradeoff, 'Measure on this device');
  await expect(tradeoff.getByText(/runs measured$/)).toBeVisible({ timeout: 5 * minutes });
  await expect(tradeoff.getByRole('button', { name: 'Measure on this device' })).toBeVisible({ timeout: 8 * minutes });
  await shoot(page, 'tradeoff');

  await page.goto(`/#/schedule?${settings}`);
  const schedule = page.locator('schedule-view');
  await press(schedule, /^Try it/);
  await expect(schedule.getByText('median of 2 rounds')).toBeVisible({ timeout: 3 * minutes });
  await shoot(page, 'schedule');

  await page.goto('/#/models');
  await expect(page.locator('models-view').getByText('emoji-dit').first()).toBeVisible();
  await shoot(page, 'models');

  await page.goto('/#/device');
  const device = page.locator('device-view');
  await press(device, 'Check this GPU');
  await expect(device.getByRole('status').filter({ hasText: 'PASS' })).toBeVisible({ timeout: 8 * minutes });
  await shoot(page, 'device');
});
