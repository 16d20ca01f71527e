import type { WebDitElement } from '../packages/element/src/index.ts';
import { expectPicture } from './canvas.ts';
import { expect, groups, openEmbed, painted, pixels, test } from './embed-fixture.ts';

test('one tag paints by itself, on one thread, and says what', async ({ page }) => {
  await page.addInitScript(() => {
    const told: (string | null | undefined)[] = [];
    const states: (string | null)[] = [];
    Object.assign(window, { told, states });
    addEventListener('webdit-step', async ({ target }) => {
      const element = target as WebDitElement;
      states.push(element.getAttribute('state'));
      await element.updateComplete;
      told.push(
        element.shadowRoot?.querySelector('[role=progressbar][aria-label=Painting]')?.getAttribute('aria-valuetext'),
      );
    });
  });
  await openEmbed(page, 'one-tag.html', 2);
  const tag = page.locator('web-dit');
  await painted(tag);
  // Looking from here may miss a run as short as this.
  expect(await page.evaluate(() => (window as unknown as { states: string[] }).states)).toEqual([
    'generating',
    'generating',
  ]);
  expect(await page.evaluate(() => (window as unknown as { told: string[] }).told)).toEqual([
    'Step 1 of 2',
    'Step 2 of 2',
  ]);
  expectPicture(await pixels(tag));
  expect(await groups(page)).toEqual(['Picture painter: 🍕']);
  await expect(page.getByRole('img', { name: 'Painted 🍕, seed 7' })).toBeVisible();
  await expect(page.getByRole('status')).toHaveText('Painted 🍕, seed 7.');
  await expect(page.getByText(/^Seed 7, [\d.]+ s$/)).toBeVisible();
  const { isolated, threads, thread } = await tag.evaluate((element: WebDitElement) => ({
    isolated: crossOriginIsolated,
    threads: element.info?.vaeThreads,
    thread: element.info?.thread,
  }));
  expect({ isolated, threads, thread }).toEqual({ isolated: false, threads: 1, thread: 'worker' });
});
