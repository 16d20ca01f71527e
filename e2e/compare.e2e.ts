import { canvasBytes, flopRatio } from './compared.ts';
import { expect, test } from './fixture.ts';

test('Compare draws one seed with and without a policy in turns, and says what it saved and cost', async ({ page }) => {
  await page.goto('/#/compare?label=butterfly&seed=7&steps=4&cache=fora:2');
  const view = page.locator('compare-view');
  await view.getByRole('button', { name: 'Compare' }).click();
  await expect(view.getByText('median of 3 rounds')).toBeVisible({ timeout: 90_000 });

  const text = async (name: string) => (await view.locator(`dt:text-is("${name}") + dd`).textContent()) ?? '';
  const fact = async (name: string) => Number.parseFloat(await text(name));
  expect(await fact('FLOP ratio')).toBeCloseTo(await flopRatio(4, 'fora:2'), 2);
  expect(await fact('Latency ratio')).toBeGreaterThan(1);
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
