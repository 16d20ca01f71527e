import { expectAccessible, problems } from './accessibility.ts';
import { expect, test } from './fixture.ts';

test('axe finds nothing in any view, in either theme', async ({ page }) => {
  await page.goto('/');
  await expect(page.getByRole('option', { name: 'pizza' })).toBeVisible();
  const links = page.getByRole('navigation', { name: 'Views' }).getByRole('link');
  await expect(links).toHaveCount(6);
  for (const link of await links.all()) {
    await link.click();
    await expect(link).toHaveAttribute('aria-current', 'page');
    await expect(page.locator('.view:not([hidden])')).toHaveCount(1);
    await page.waitForLoadState('networkidle');
    expect(await problems(page), (await link.textContent()) ?? '').toEqual([]);
  }
});

test.describe('with its service worker', () => {
  test.use({ serviceWorkers: 'allow' });

  test('axe finds nothing in the panel that keeps the page offline', async ({ page }) => {
    await page.goto('/');
    await page.getByRole('button', { name: 'Keep offline' }).click();
    await expect(page.getByRole('dialog').getByRole('button', { name: /^Download/ })).toBeVisible();
    await expectAccessible(page);
  });
});
