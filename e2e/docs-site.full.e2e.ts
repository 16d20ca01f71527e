import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { problemsOfSite } from '../docs/generator/check-site.ts';
import { apiIndex, pages } from '../docs/generator/pages.ts';
import { repositoryPath } from '../testing/repository.ts';
import { expectAccessible } from './accessibility.ts';
import { test as base, expect } from './fixture.ts';
import { type StaticServer, serveStatic } from './static-server.ts';

const site = repositoryPath('docs/site');

/** The site of the docs as it is published: built whole, below a sub-path, from a host that sends no headers. */
const test = base.extend<object, { host: StaticServer }>({
  host: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the pattern.
    async ({}, use) => {
      execFileSync(process.execPath, [repositoryPath('scripts/run.mjs'), 'docs'], { stdio: ['ignore', 'pipe', 2] });
      const server = await serveStatic(repositoryPath('docs'));
      await use(server);
      await server.close();
    },
    { scope: 'worker', timeout: 180_000 },
  ],
  baseURL: ({ host }, use) => use(`${host.url}/site/`),
});

// A site that cannot be built is tried once, not by every test.
test.describe.configure({ mode: 'serial' });

const samples = [
  apiIndex,
  'api/webdit/index',
  'api/webdit/classes/DiffusionPipeline',
  'api/webdit/interfaces/GenerateOptions',
  'api/@webdit/element/classes/WebDitElement',
];

test('every link and anchor leads somewhere, those of the API too', ({ host }) => {
  expect(host.url).toMatch(/^http/);
  expect(problemsOfSite(site)).toEqual([]);
});

for (const slug of [...pages.map((page) => page.slug), ...samples]) {
  test(`${slug} is accessible, fits every width and keeps its policy`, async ({ page }) => {
    await page.goto(`${slug}.html`);
    await expectAccessible(page);
    for (const width of [360, 768, 1280]) {
      await page.setViewportSize({ width, height: 800 });
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), `${width} px`).toBe(0);
    }
  });
}

test('on a phone the pages are behind a button, by keyboard as well', async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  await page.goto('index.html');
  const list = page.getByRole('navigation', { name: 'Pages' });
  await expect(list).toBeHidden();
  await page.getByRole('button', { name: 'Pages' }).focus();
  await page.keyboard.press('Enter');
  await expect(list).toBeVisible();
  await expectAccessible(page);
  await page.keyboard.press('Escape');
  await expect(list).toBeHidden();
  await page.keyboard.press('Enter');
  await list.getByRole('link', { name: 'Hosting' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Hosting' })).toBeVisible();
});

test('the first key leads past the navigation', async ({ page }) => {
  await page.goto('element.html');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/#content$/);
  await expect(
    page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'The element' }),
  ).toHaveAttribute('aria-current', 'page');
});

test('the measured tables are those of the results', async ({ page }) => {
  await page.goto('cache-policies.html');
  for (const name of ['node-lavapipe', 'chromium-swiftshader']) {
    const { rows, date } = JSON.parse(
      readFileSync(repositoryPath(`bench/results/compare-emoji-dit-50-${name}.json`), 'utf8'),
    );
    for (const { latencyRatio, policy, ms } of rows) {
      const cells = page
        .getByRole('row')
        .filter({ hasText: policy })
        .filter({ hasText: String(Math.round(ms)) });
      await expect(cells.first()).toContainText(`${latencyRatio.toFixed(2)} x`);
    }
    await expect(page.getByText(`Measured on ${date.slice(0, 10)} by`).first()).toBeVisible();
  }
});
