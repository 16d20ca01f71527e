import type { Page, Route } from 'playwright/test';
import { compileRunPlan } from '../packages/core/src/index.ts';
import { openModelFolder } from '../packages/weights/src/index.ts';
import { pathSource } from '../packages/weights/src/node.ts';
import { expect, test } from './fixture.ts';
import { longFrames, pixels, watchFrames } from './support.ts';

const generate = (page: Page) => page.getByRole('button', { name: 'Generate' });
const abort = (page: Page) => page.getByRole('button', { name: 'Abort' });

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

test('refuses bad values before it loads anything', async ({ page }) => {
  const requests: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  await page.goto('/#cache=procash');
  await generate(page).click();
  await expect(page.getByRole('alert')).toContainText(/no cache policy named "procash".*none, fora, .*procache/s);
  await page.goto('/#steps=0');
  await generate(page).click();
  await expect(page.getByRole('alert')).toContainText(/numInferenceSteps is 0/);
  expect(requests.filter((url) => /safetensors|\.onnx|worker/.test(url))).toEqual([]);
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

const badValues = [
  { hash: '#steps=0', code: 'bad-argument', says: /numInferenceSteps is 0\..*1 to 1000/s },
  { hash: '#steps=1001', code: 'bad-argument', says: /numInferenceSteps is 1001/ },
  { hash: '#guidance=', code: 'bad-argument', says: /guidanceScale is NaN/ },
  { hash: '#seed=-1', code: 'bad-argument', says: /seed is -1/ },
  { hash: '#label=piza&steps=2', code: 'unknown-label', says: /"piza".*pizza/s },
];

test('says what is wrong with a value, and what to do', async ({ page }) => {
  for (const { hash, code, says } of badValues) {
    // The same document: only the address after # changes, and the model stays loaded.
    await page.goto(`/${hash}`);
    await generate(page).click();
    const alert = page.getByRole('alert');
    await expect(alert).toContainText(says, { timeout: 60_000 });
    await expect(alert).toContainText(code);
    await expect(abort(page)).toHaveCount(0);
  }
});

const weights = '**/diffusion_pytorch_model.safetensors';
const brokenFolders = [
  {
    code: 'not-found',
    says: /has no file transformer\/diffusion_pytorch_model\.safetensors/,
    serve: (route: Route) => route.fulfill({ status: 404 }),
  },
  {
    code: 'integrity',
    says: /has 5000000 bytes instead of 20037192/,
    serve: async (route: Route) => {
      const body = (await (await route.fetch()).body()).subarray(0, 5_000_000);
      await route.fulfill({ body, contentType: 'application/octet-stream' });
    },
  },
];

test('says that the weights are missing or truncated, and works once they are there', async ({ page, complaints }) => {
  complaints.allow(/the server responded with a status of 404.*safetensors/);
  await page.goto('/#steps=1');
  for (const { code, says, serve } of brokenFolders) {
    await page.route(weights, serve);
    await generate(page).click();
    await expect(page.getByRole('alert')).toContainText(says, { timeout: 60_000 });
    await expect(page.getByRole('alert')).toContainText(code);
    await page.unroute(weights);
  }
  await generate(page).click();
  await expect(page.getByText(/^1 step in /)).toBeVisible({ timeout: 60_000 });
});
