import { expect, test } from './fixture.ts';
import { abort, generate, longFrames, pixels, watchFrames } from './support.ts';

test('search, pick, paint, abort; a link paints the same picture', async ({ page }) => {
  await watchFrames(page);
  await page.goto('/#steps=3&seed=7&cache=none');
  await expect(page.getByRole('option').first()).toBeVisible();
  // What follows is about painting; how long the page's own start takes hangs on whatever else the machine does.
  await longFrames(page);
  const before = await pixels(page);

  await page.getByLabel('Search emoji').fill('butterf');
  // The butterfly, and the worried face that has butterflies among its tags.
  await expect(page.getByRole('option')).toHaveCount(2);
  await page.getByLabel('Search emoji').press('Enter');
  await expect(page.getByRole('option', { name: 'butterfly' })).toHaveAttribute('aria-selected', 'true');
  await expect(page).toHaveURL(/#label=butterfly&seed=7&steps=3&guidance=3&cache=none$/);

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

test('the open view stays in sight in the navigation, also when the page gets narrow', async ({ page }) => {
  await page.goto('/#/device');
  const here = page.getByRole('link', { name: 'This device' });
  await expect(here).toHaveAttribute('aria-current', 'page');
  await page.setViewportSize({ width: 360, height: 740 });
  await expect(here).toBeInViewport({ ratio: 1 });
  await page.getByRole('link', { name: 'Models' }).click();
  await expect(page.getByRole('link', { name: 'Models' })).toBeInViewport({ ratio: 1 });
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
