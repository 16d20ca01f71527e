import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page, Response } from 'playwright/test';
import ts from 'typescript';
import { type Block, placeOf } from '../docs/blocks/extract.ts';
import { headersIn } from '../docs/blocks/headers.ts';
import type { WebDitElement } from '../packages/element/src/index.ts';
import { repositoryPath } from '../testing/repository.ts';
import { expectPicture, pixelsOf } from './canvas.ts';
import { blocks, expect, type Newcomer, runIn, test } from './docs-fixture.ts';
import { painted, pixels } from './embed-fixture.ts';

const examples = blocks.filter(({ language }) => language === 'html');
const headers = new Map(
  blocks.filter(({ language }) => language === 'http').map((block) => [block.about, headersIn(block)]),
);

/** What the address of a package at the CDN leads to. */
const cdn: Readonly<Record<string, string>> = {
  webdit: repositoryPath('packages/webdit'),
  '@webdit/element': repositoryPath('packages/element'),
  'onnxruntime-web': repositoryPath('packages/webdit/node_modules/onnxruntime-web'),
};

/** Stands in for the CDN that readmes name, since the packages are not published: it has what would be, and nothing else. */
async function serveCdn(page: Page): Promise<void> {
  await page.context().route('https://cdn.jsdelivr.net/**', async (route) => {
    const { pathname } = new URL(route.request().url());
    const [, name = '', path = ''] = /^\/npm\/((?:@\w+\/)?[\w-]+)@[\d.]+\/(dist\/.+)$/.exec(pathname) ?? [];
    const folder = Object.hasOwn(cdn, name) ? cdn[name] : undefined;
    await (folder === undefined
      ? route.fulfill({ status: 404 })
      : route.fulfill({ path: join(folder, path), headers: { 'Access-Control-Allow-Origin': '*' } }));
  });
}

/** Steps of a tag that says nothing of them, where a visitor gets 50. */
const fewerSteps = (html: string) => html.replace(/<web-dit (?![^>]*\bsteps=)/g, '<web-dit steps="4" ');

/** Opens an example as the newcomer has it: a file beside the folders of getting started. */
async function open(page: Page, { folder, host }: Newcomer, { text, line, file }: Block): Promise<Response | null> {
  await serveCdn(page);
  const name = `${file.replace(/\W/g, '-')}-${line}.html`;
  writeFileSync(join(folder, 'my-site', name), fewerSteps(text));
  return page.goto(`${host.url}/${name}`);
}

function titled(title: string): Block {
  const found = examples.find(({ text }) => text.includes(`<title>${title}</title>`));
  if (!found) throw new Error(`No example of the docs is called "${title}".`);
  return found;
}

/** What an example that paints only when it is used needs from its visitor. */
const visits: Readonly<Record<string, (page: Page) => Promise<void>>> = {
  'Controls of its own': (page) => page.getByRole('button', { name: 'Paint it' }).click(),
  'Your own model': (page) => page.locator('input[type=file]').setInputFiles('models/emoji-dit'),
};

/** The picture of an example without a tag: a canvas that it draws itself, blank until then. */
async function drawn(page: Page): Promise<string> {
  const canvas = page.locator('canvas');
  await expect
    .poll(async () => new Set((await pixelsOf(canvas)).split(',')).size, { timeout: 90_000 })
    .toBeGreaterThan(50);
  return pixelsOf(canvas);
}

/** Step kinds of the runs of a page's tags, by their reports. */
interface Told {
  readonly policy: string;
  readonly kinds: Readonly<Record<string, number>>;
}

/** What a page must show once it has painted, besides a picture. `told` is what its tag reported. */
const proofs: Readonly<Record<string, (page: Page, told: () => Promise<readonly Told[]>) => Promise<void>>> = {
  'A look of its own': async (page) => {
    const tag = page.locator('web-dit');
    expect((await tag.boundingBox())?.width).toBe(14 * 16);
    await expect(tag.getByRole('button')).toHaveCSS('background-color', 'rgb(107, 78, 255)');
    await expect(tag.locator('[part=picture]')).toHaveCSS('image-rendering', 'pixelated');
    await expect(tag.locator('[part=status]')).toBeHidden();
  },
  'Two models': async (page) => {
    const tag = page.locator('web-dit');
    const first = await pixels(tag);
    const second = page.waitForRequest('**/models/my-model/**.safetensors');
    await page.locator('select').selectOption({ label: 'a copy of it' });
    await second;
    await painted(tag);
    expect(await tag.evaluate((element: WebDitElement) => element.info?.name)).toBe('my-model');
    expect(await pixels(tag)).toBe(first);
  },
  'A policy of its own': async (_, told) => {
    expect(await told()).toEqual([{ policy: 'every-other', kinds: { full: 10, reuse: 10 } }]);
  },
  'A picture in a form': async (page) => {
    const file = await page.locator('form').evaluate((form: HTMLFormElement) => {
      const value = new FormData(form).get('avatar') as File;
      return { type: value.type, valid: form.checkValidity() };
    });
    expect(file).toEqual({ type: 'image/png', valid: true });
  },
};

/** Keeps what tags report, in the page. */
async function listen(page: Page): Promise<() => Promise<readonly Told[]>> {
  await page.addInitScript(() => {
    const told: Told[] = [];
    Object.assign(window, { told });
    addEventListener('webdit-image', ({ detail }) => {
      const { policy, totals } = detail.report;
      const kinds = Object.entries(totals.byKind).map(([kind, total]) => [kind, total?.count ?? 0] as const);
      told.push({ policy, kinds: Object.fromEntries(kinds) });
    });
  });
  return () => page.evaluate(() => (window as unknown as { told: readonly Told[] }).told);
}

test.beforeAll(({ newcomer }) => {
  runIn(newcomer.folder, ['npm', 'run', 'build', '--', 'webdit/standalone']);
});

for (const example of examples) {
  const title = /<title>(.*)<\/title>/.exec(example.text)?.[1] ?? 'a fragment';
  test(`${placeOf(example)}: ${title}`, async ({ page, newcomer }) => {
    const told = await listen(page);
    await open(page, newcomer, example);
    await visits[title]?.(page);
    const tag = page.locator('web-dit');
    if ((await tag.count()) === 0) return expectPicture(await drawn(page));
    await painted(tag);
    expectPicture(await pixels(tag));
    await proofs[title]?.(page, told);
  });
}

test('each example that is proved or visited is there', () => {
  for (const title of Object.keys({ ...proofs, ...visits })) titled(title);
});

/** A script of the docs as a browser runs it: without its types, in a page with the pipeline that the text around it has made. */
async function runScript(page: Page, { folder, host }: Newcomer, { text }: Block): Promise<string[]> {
  const { outputText } = ts.transpileModule(text, {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true },
  });
  writeFileSync(join(folder, 'my-site/script.js'), outputText);
  writeFileSync(
    join(folder, 'my-site/script.html'),
    `<!doctype html><title>A script</title>
    <script type="importmap">{ "imports": { "webdit": "./web-dit/web-dit.js" } }</script>
    <script type="module">
      import { DiffusionPipeline } from 'webdit';
      globalThis.pipe = await DiffusionPipeline.fromPretrained('models/emoji-dit/');
      await import('./script.js');
      await pipe.dispose();
      document.title = 'Done';
    </script>`,
  );
  const said: string[] = [];
  page.on('console', (message) => said.push(message.text()));
  await page.goto(`${host.url}/script.html`);
  await expect(page).toHaveTitle('Done', { timeout: 90_000 });
  return said;
}

test('the policy of twenty lines, from outside of the packages, plans the run it describes', async ({
  page,
  newcomer,
}) => {
  const script = blocks.find(({ text, language }) => language === 'ts' && text.includes('registerPolicy(bothEnds)'));
  const said = await runScript(page, newcomer, script as Block);
  // 4 + 3 full steps at the ends and 14 of the 43 between, of 50.
  expect(said).toEqual([expect.stringMatching(/^both-ends 2\.\d+$/)]);
});

for (const about of ['policy of a page with the element', 'cross-origin isolation']) {
  test(`the headers work: ${about}`, async ({ page, newcomer }) => {
    newcomer.send(headers.get(about) ?? {});
    try {
      const response = await open(page, newcomer, titled('A pizza that nobody has seen before'));
      const sent = Object.entries(headers.get(about) ?? {});
      for (const [name, value] of sent) expect(await response?.headerValue(name)).toBe(value);
      const names = sent.map(([name]) => name);
      expect(names).toContain(
        about === 'cross-origin isolation' ? 'Cross-Origin-Opener-Policy' : 'Content-Security-Policy',
      );
      await painted(page.locator('web-dit'));
      expect(await page.evaluate(() => crossOriginIsolated)).toBe(about === 'cross-origin isolation');
    } finally {
      newcomer.send({});
    }
  });
}
