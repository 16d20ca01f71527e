import type { Page } from 'playwright/test';
import { compileRunPlan } from '../packages/core/src/index.ts';
import { openModelFolder } from '../packages/weights/src/index.ts';
import { pathSource } from '../packages/weights/src/node.ts';
import { expect, test } from './fixture.ts';
import { generate, pixels } from './support.ts';

const kindsOnStrip = (page: Page) =>
  page
    .locator('step-strip [data-n]')
    .evaluateAll((cells) => cells.map((cell) => (cell as HTMLElement).dataset.kind ?? ''));

test('each policy runs the steps of its plan, shows them, and paints a picture of its own', async ({ page }) => {
  const { config, scheduler } = await openModelFolder(pathSource('models/emoji-dit'));
  const run = { model: config, sampler: scheduler, steps: 8, guidanceScale: 3, label: 0 };
  await page.goto('/#steps=8&seed=7&label=pizza');
  // ProCache is what the page suggests.
  await expect(page.getByRole('radio', { name: 'ProCache', exact: true })).toBeChecked();
  const pictures = new Map<string, string>();
  for (const [title, cache] of [
    ['None', 'none'],
    ['FORA', 'fora'],
    ['ProCache+', 'procache+'],
    ['ProCache', 'procache'],
  ] as const) {
    const plan = compileRunPlan({ ...run, cache });
    const kinds = plan.steps.map(({ kind }) => kind);
    await page.getByRole('radio', { name: title, exact: true }).check();
    await expect(page).toHaveURL(new RegExp(`&cache=${encodeURIComponent(cache)}$`));
    await generate(page).click();
    await expect(page.locator('run-facts code')).toHaveText(plan.policy, { timeout: 90_000 });
    expect(await kindsOnStrip(page)).toEqual(kinds);
    await expect(page.getByText(`Steps in order: ${kinds.join(', ')}.`)).toBeAttached();
    for (const kind of ['full', 'selective', 'reuse', ...(kinds.includes('forecast') ? ['forecast'] : [])]) {
      const count = kinds.filter((other) => other === kind).length;
      await expect(page.getByRole('list', { name: 'Kinds of steps' })).toContainText(`${kind} ${count}`);
    }
    await expect(page.locator('run-facts')).toContainText(/Loop\s*\d+ ms/);
    const flops = plan.steps.reduce((sum, step) => sum + step.flops, 0);
    const uncached = compileRunPlan(run).steps.reduce((sum, step) => sum + step.flops, 0);
    await expect(page.locator('run-facts')).toContainText(
      new RegExp(`FLOP ratio\\s*${(uncached / flops).toFixed(2)} `),
    );
    pictures.set(cache, String((await pixels(page)).bytes));
  }
  expect(new Set(pictures.values()).size).toBe(4);

  // What a step took, for the mouse and for the keyboard.
  await page.locator('step-strip [data-n="1"]').hover();
  await expect(page.locator('step-strip .flag')).toHaveText(/^Step 2: reuse, [\d.]+ ms$/);
  await page.mouse.move(0, 0);
  await expect(page.locator('step-strip .flag')).toHaveCount(0);
  const strip = page.getByRole('slider', { name: 'Look at a step' });
  await strip.press('End');
  await expect(strip).toHaveAttribute('aria-valuetext', /^Step 8: reuse, [\d.]+ ms$/);
  await strip.press('ArrowLeft');
  await expect(page.locator('step-strip .flag')).toHaveText(/^Step 7: /);
});

test('offers the budgets of the schedules in the model folder', async ({ page }) => {
  const schedule = (pattern: string) => ({
    format: 'webdit-schedule/1',
    policy: 'procache',
    steps: 4,
    sampler: 'ddim-respaced',
    pattern,
  });
  // The folder's own names the hashes of its files as they are.
  await page.route('**/manifest.json', (route) => route.fulfill({ json: { format: 'webdit-manifest/1', files: [] } }));
  await page.route('**/model_index.json', async (route) => {
    const index = await (await route.fetch()).json();
    await route.fulfill({ json: { ...index, schedules: ['schedules/a.json', 'schedules/b.json'] } });
  });
  await page.route('**/schedules/a.json', (route) => route.fulfill({ json: schedule('1011') }));
  await page.route('**/schedules/b.json', (route) => route.fulfill({ json: schedule('1000') }));
  await page.goto('/#steps=4');
  const budgets = page.getByRole('group', { name: 'Full steps of 4' });
  await expect(budgets.getByRole('radio')).toHaveCount(3);
  await budgets.getByRole('radio', { name: '3' }).check();
  await expect(page).toHaveURL(/&cache=procache%3AB3$/);
  await generate(page).click();
  await expect(page.getByText(/^4 steps in /)).toBeVisible({ timeout: 90_000 });
  expect(await kindsOnStrip(page)).toEqual(['full', 'reuse', 'full', 'full']);
  await page.getByRole('radio', { name: 'FORA' }).check();
  await expect(budgets).toHaveCount(0);
});
