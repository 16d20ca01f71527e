import { expect, test } from './fixture.ts';

test('the whole check of a software adapter: every reference run and every kernel variant, then PASS', async ({
  page,
}) => {
  await page.goto('/#/device');
  const view = page.locator('device-view');
  await view.getByRole('button', { name: 'Check this GPU' }).click();
  await expect(view.getByRole('status').filter({ hasText: 'PASS' })).toContainText(
    /10 of 10 tensors are within their targets, and all \d\d kernel variants compute what they should\./,
    { timeout: 400_000 },
  );
  await view.getByText(/^Kernel variants: /).click();
  const rows = view.getByRole('region', { name: 'Kernel variants' }).getByRole('row');
  const texts = await rows.allTextContents();
  expect(texts.length).toBeGreaterThan(15);
  expect(texts.slice(1).every((text) => text.trim().endsWith('ok'))).toBe(true);
  await expect(view.getByText('no kernel', { exact: true })).toBeVisible();
});
