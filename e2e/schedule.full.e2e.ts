import { readFile, writeFile } from 'node:fs/promises';
import type { Locator, Page } from 'playwright/test';
import {
  compileRunPlan,
  enumeratePatterns,
  injectSelective,
  parseSchedule,
  patternOfPlan,
  runFlops,
} from '../packages/core/src/index.ts';
import { openModelFolder } from '../packages/weights/src/index.ts';
import { pathSource } from '../packages/weights/src/node.ts';
import { expectAccessible } from './accessibility.ts';
import { expect, test } from './fixture.ts';

/** The plan of a cache setting, without guidance, which halves the work. */
async function planOf(steps: number, cache: string) {
  const { config, scheduler } = await openModelFolder(pathSource('models/emoji-dit'));
  const plan = compileRunPlan({ model: config, sampler: scheduler, steps, guidanceScale: 1, label: 0, cache });
  return { plan, flops: runFlops(config, plan) };
}

const digits: Readonly<Record<string, string>> = { full: '1', selective: '2', reuse: '0' };
const patternOn = async (view: Locator) =>
  (
    await view
      .locator('pattern-editor [data-n]')
      .evaluateAll((cells) => cells.map((cell) => (cell as HTMLElement).dataset.kind ?? ''))
  )
    .map((kind) => digits[kind])
    .join('');
const expectPattern = (view: Locator, pattern: string) => expect.poll(() => patternOn(view)).toBe(pattern);
const open = async (page: Page, query: string) => {
  await page.goto(`/#/schedule?${query}`);
  const view = page.locator('schedule-view');
  await expect(view.locator('pattern-editor')).toBeVisible();
  return view;
};
const step = (view: Locator, n: number) => view.locator(`pattern-editor [data-n="${n}"]`);

test('edits change the pattern, its cost and its name; what the library refuses changes nothing', async ({ page }) => {
  const view = await open(page, 'steps=6&guidance=1&cache=procache:s2x3_plain');
  await expectPattern(view, '101010');

  await step(view, 1).click();
  await expectPattern(view, '111010');
  await step(view, 3).click();
  await step(view, 3).click();
  await expectPattern(view, '111210');
  const code = view.locator('.use code');
  await expect(code).toHaveText('procache_p1x2.12x1.10x1_D6_r0.07');
  const expectCost = async () => {
    const { plan, flops } = await planOf(6, (await code.textContent()) ?? '');
    await expect(view.locator('cost-panel .executed')).toHaveText(flops.executed.ratio.toFixed(2));
    await expect(view.locator('cost-panel .published')).toHaveText(flops.published.ratio.toFixed(2));
    for (const kind of ['full', 'selective', 'reuse']) {
      const count = plan.steps.filter((step) => step.kind === kind).length;
      await expect(view.getByRole('list', { name: 'Steps of each kind' })).toContainText(`${kind} ${count}`);
    }
  };
  await expectCost();

  // The first step must be full; the sentence is the library's.
  await step(view, 0).click();
  await expect(view.getByRole('alert')).toContainText('The pattern "211210" does not begin with a full step.');
  await expectPattern(view, '111210');

  // Soft constraints warn, where they are broken.
  const broken = view.getByRole('list', { name: 'Constraints that are broken' });
  await expect(broken).toContainText('The budget is 3 full steps, and the pattern has 4.');
  await expect(broken).toContainText('Reuse grows from 0 steps to 1');
  await expect(broken).toContainText('The range is 1 to 1 reused after a full step, and one has 0');
  await expect(step(view, 3)).toHaveClass(/marked/);
  await view.getByLabel('Full steps, at most').fill('4');
  await expect(broken).not.toContainText('budget');

  // The keyboard walks, changes by one, and sets a kind; a drag paints; all of it can be undone.
  await step(view, 3).press('ArrowRight');
  await expect(step(view, 4)).toBeFocused();
  await step(view, 4).press('ArrowDown');
  await step(view, 4).press('r');
  await step(view, 4).press('End');
  await step(view, 5).press('Enter');
  await expectPattern(view, '111201');
  const [from, to] = [await step(view, 1).boundingBox(), await step(view, 3).boundingBox()];
  if (!from || !to) throw new Error('The strip has no place on the page.');
  const middle = (box: typeof from) => [box.x + box.width / 2, box.y + box.height / 2] as const;
  await page.mouse.move(...middle(from));
  await page.mouse.down();
  await page.mouse.move(...middle(to), { steps: 8 });
  await page.mouse.up();
  await expectPattern(view, '122201');
  await expectCost();
  await view.getByRole('button', { name: 'Undo' }).click();
  await expectPattern(view, '111201');
  await view.getByRole('button', { name: 'None selective' }).click();
  await expectPattern(view, '111001');
  await view.getByRole('button', { name: 'Selective every 2nd' }).click();
  await expectPattern(view, '111021');

  // What the model cannot run can be neither used nor tried.
  await view.getByText('Selective steps', { exact: true }).click();
  await view.getByLabel('First layer recomputed, of 8').fill('9');
  await expect(view.getByRole('alert')).toContainText('recomputes from layer 9, but the model has 8 layers');
  for (const name of ['Use it', 'Try it']) {
    await expect(view.getByRole('button', { name })).toHaveAttribute('aria-disabled', 'true');
  }
  await view.getByLabel('First layer recomputed, of 8').fill('4');
  await view.getByRole('radio', { name: 'As the paper says' }).check();
  await expect(code).toHaveText('procache_s1x2.3x1.1x1_D4_r0.07_paper');
  await expectCost();

  // Another number of steps keeps the share of full ones; no number is refused with its sentence.
  await view.getByLabel('Steps', { exact: true }).fill('12');
  await expect.poll(async () => (await patternOn(view)).length).toBe(12);
  expect((await patternOn(view)).match(/1/g)).toHaveLength(8);
  await view.getByLabel('Steps', { exact: true }).fill('');
  await expect(view.getByRole('alert')).toContainText('A run of NaN steps');
  await view.getByLabel('Steps', { exact: true }).fill('6');
  await expectPattern(view, '111021');
});

test('a schedule is used, linked, saved, loaded and kept', async ({ page, context }, info) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const view = await open(page, 'steps=6&guidance=1&cache=procache:s2x3_plain');
  await step(view, 1).click();
  await step(view, 1).click();
  await expectPattern(view, '121010');
  const name = 'procache_p12x1.10x2_D6_r0.07';

  await view.getByRole('button', { name: 'Copy the link' }).click();
  await expect(view.getByText('The link is on the clipboard.')).toBeVisible();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  expect(link).toContain(`cache=${name}`);

  // Unused edits outlive a reload of the same address; another address goes before them.
  await page.reload();
  await expectPattern(view, '121010');
  await page.goto(link.replace('cache=', 'seed=3&cache='));
  await expectPattern(view, '121010');
  await page.goto('/#/schedule?steps=6&guidance=1&cache=fora:2');
  await expectPattern(view, '110101');
  await page.goto(link);
  await expectPattern(view, '121010');

  await view.getByRole('button', { name: 'Undo' }).click();
  await expectPattern(view, '110101');
  await view.getByRole('button', { name: 'Use it' }).click();
  await expect(page).toHaveURL(/steps=6&guidance=1&cache=procache_s1x1.2x2.1x1_plain$/);
  await expect(view.getByRole('button', { name: 'In use', exact: true })).toBeVisible();
  await page.getByRole('link', { name: 'Generate' }).click();
  await expect(page.locator('generate-view cache-picker code')).toHaveText('procache_s1x1.2x2.1x1_plain');
  await page.getByRole('link', { name: 'Schedule' }).click();

  const downloading = page.waitForEvent('download');
  await view.getByRole('button', { name: 'Download' }).click();
  const download = await downloading;
  expect(download.suggestedFilename()).toBe('procache-6-b4.json');
  const path = info.outputPath('schedule.json');
  await download.saveAs(path);
  const saved = parseSchedule(JSON.parse(await readFile(path, 'utf8')), path);
  expect(saved).toMatchObject({ steps: 6, pattern: '110101', sampler: 'ddim-respaced' });

  await view.getByRole('button', { name: 'No cache' }).click();
  await expectPattern(view, '111111');
  const file = view.getByLabel('Open a file');
  await file.setInputFiles(path);
  await expectPattern(view, '110101');
  const refused = [
    { text: '{', says: 'bad.json' },
    { text: JSON.stringify({ ...saved, speed: 2 }), says: 'sets "speed", which means nothing here' },
    { text: JSON.stringify({ ...saved, pattern: '11010' }), says: 'sets pattern to "11010"' },
    { text: JSON.stringify({ ...saved, sampler: 'ddim-leading' }), says: 'is for the sampler ddim-leading' },
  ];
  for (const { text, says } of refused) {
    const bad = info.outputPath('bad.json');
    await writeFile(bad, text);
    await file.setInputFiles(bad);
    await expect(view.locator('saved-panel').getByRole('alert')).toContainText(says);
    await expectPattern(view, '110101');
  }

  await view.getByLabel('Name').fill('my own');
  await view.getByRole('button', { name: 'Keep here' }).click();
  await expect(view.getByText('Kept as my own.')).toBeVisible();
  await page.reload();
  await view.getByRole('button', { name: 'No cache' }).click();
  await expectPattern(view, '111111');
  await view.getByRole('button', { name: /^my own/ }).click();
  await expectPattern(view, '110101');
  await view.getByRole('button', { name: 'Delete my own' }).click();
  await expect(view.getByRole('list', { name: 'Kept here' })).toHaveCount(0);

  await expectAccessible(page);
});

test('the strip is tried against the uncached picture, and a search finds the best of its space', async ({ page }) => {
  const view = await open(page, 'label=pizza&seed=7&steps=6&guidance=1&cache=procache:p1020x1.12x1_D4_r0.2');
  await expectPattern(view, '102012');
  const { plan } = await planOf(6, (await view.locator('.use code').textContent()) ?? '');
  expect(patternOfPlan(plan)).toBe('102012');
  await view.getByRole('button', { name: 'Try it' }).click();
  await expect(view.getByText('median of 2 rounds')).toBeVisible({ timeout: 90_000 });
  const ran = await view
    .locator('try-panel step-strip [data-n]')
    .evaluateAll((cells) => cells.map((cell) => (cell as HTMLElement).dataset.kind));
  expect(ran).toEqual(plan.steps.map(({ kind }) => kind));
  const fact = async (name: string) =>
    Number.parseFloat((await view.locator(`dt:text-is("${name}") + dd`).textContent()) ?? '');
  expect(await fact('PSNR')).toBeGreaterThan(5);
  expect(await fact('PSNR')).toBeLessThan(60);
  expect(await fact('FLOP ratio')).toBeCloseTo(Number(await view.locator('.executed').textContent()), 2);
  expect(await fact('Latency ratio')).toBeGreaterThan(0.5);

  // Three patterns of 6 steps have 3 full ones and up to 3 reused after each.
  await view.getByLabel('Full steps, at most').fill('3');
  await view.getByLabel('Reused, at least').fill('0');
  await view.getByLabel('Pictures each pattern is scored on', { exact: true }).fill('1');
  const panel = view.locator('search-panel');
  await expect(panel).toContainText('3 patterns of 6 steps have 3 full ones and 0 to 3 reused after each');
  await expect(panel).toContainText(/That takes (about \d+ s|under a second) here/);
  const candidates = enumeratePatterns({ steps: 6, budget: 3, reuseMin: 0, reuseMax: 3 });
  const scores = () =>
    panel.locator('[data-pattern]').evaluateAll((rows) =>
      rows.map((row) => ({
        pattern: (row as HTMLElement).dataset.pattern ?? '',
        score: Number.parseFloat(row.querySelector('.error')?.textContent ?? ''),
      })),
    );

  await panel.getByRole('button', { name: 'Search' }).click();
  await expect(panel).toContainText(/[12] of 3 tried/, { timeout: 60_000 });
  await panel.getByRole('button', { name: 'Pause' }).click();
  await expect(panel.getByRole('button', { name: 'Resume' })).toBeVisible();
  expect((await scores()).length).toBeLessThan(3);
  await page.reload();
  await panel.getByRole('button', { name: 'Resume' }).click();
  await expect(panel.getByText(/Found for 6 steps, 3 full/)).toBeVisible({ timeout: 90_000 });
  const resumed = await scores();
  expect(resumed.map(({ pattern }) => pattern).sort()).toEqual([...candidates].sort());
  expect(resumed.map(({ score }) => score)).toEqual(resumed.map(({ score }) => score).sort((a, b) => a - b));
  for (const { score } of resumed) expect(score).toBeGreaterThan(0);
  await expectPattern(view, injectSelective(resumed[0]?.pattern ?? ''));

  // Without a pause it finds the same.
  await view.getByRole('button', { name: 'No cache' }).click();
  await view.getByRole('button', { name: 'Undo' }).click();
  await panel.getByLabel('Pictures each pattern is scored on', { exact: true }).fill('1');
  await panel.getByRole('button', { name: 'Search' }).click();
  await expect(panel).toContainText('0 of 3 tried');
  await expect(panel.getByText(/Found for 6 steps, 3 full/)).toBeVisible({ timeout: 90_000 });
  expect(await scores()).toEqual(resumed);
});
