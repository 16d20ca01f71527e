import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright/test';
import { build, type Rolldown } from 'vite';
import type { Picture, WebDitElement } from '../packages/element/src/index.ts';
import { writeTextToImageTiny } from '../packages/weights/src/node.ts';
import { expectAccessible } from './accessibility.ts';
import { elementUrl, expect, groups, model, openWith, pixels, test } from './embed-fixture.ts';
import { serveFolder } from './folder-server.ts';

/** What the page's own listener has written down. */
const told = (page: Page) => page.evaluate(() => (window as unknown as { told: string[] }).told);

test('says what is wrong with each attribute, once, before anything is loaded', async ({ page }) => {
  const requests: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  await openWith(page, '');
  const cases: [attributes: Record<string, string>, says: RegExp][] = [
    [{ steps: 'many' }, /^bad-argument The attribute steps is "many", which is not a number\.$/],
    [{ steps: '' }, /^bad-argument The attribute steps is "", which is not a number\.$/],
    [{ steps: '99999999999999999999' }, /^bad-argument steps is 100000000000000000000\.$/],
    [{ guidance: 'NaN' }, /^bad-argument The attribute guidance is "NaN"/],
    [{ seed: '-1' }, /^bad-argument seed is -1\.$/],
    [{ seed: '9'.repeat(100_000) }, /^bad-argument seed is Infinity\.$/],
    [{ label: '' }, /^bad-argument label is ""\.$/],
    [{ prompt: 'a fox' }, /^bad-argument The attributes label and prompt both say what to paint\.$/],
    [{ 'negative-prompt': 'blurry' }, /^bad-argument The attribute negative-prompt goes with prompt alone\.$/],
    [{ cache: 'procash' }, /^unknown-policy .*"procash"/],
    [{ dtype: 'f99' }, /^bad-argument dtype is "f99"\.$/],
    [{ model: '' }, /^bad-argument model is ""\.$/],
  ];
  for (const [attributes, says] of cases) {
    const found = await page.evaluate(
      async ({ attributes, model }) => {
        const element = document.createElement('web-dit');
        for (const [name, value] of Object.entries({ model, label: 'pizza', autostart: '', ...attributes })) {
          element.setAttribute(name, value);
        }
        const errors: string[] = [];
        const failed = new Promise((resolve) => {
          element.addEventListener('webdit-error', ({ detail }) => {
            errors.push(`${detail.code} ${detail.message}`);
            resolve(null);
          });
        });
        document.querySelector('main')?.replaceChildren(element);
        await failed;
        await element.updateComplete;
        const alert = element.shadowRoot?.querySelector('[role=alert]')?.textContent;
        return { errors, state: element.state, alert };
      },
      { attributes, model },
    );
    expect(found.errors).toEqual([expect.stringMatching(says)]);
    expect(found.state).toBe('error');
    expect(found.alert).toContain(found.errors[0]?.split(' ').slice(1).join(' '));
  }
  expect(requests.filter((url) => /worker|safetensors|onnx/.test(url))).toEqual([]);
});

test('paints words, again when they change, and calls itself and its picture by them', async ({ page }) => {
  const parent = await mkdtemp(join(tmpdir(), 'webdit-words-'));
  const folder = join(parent, 'model');
  await writeTextToImageTiny(folder, { dtype: 'F32', seed: 1 });
  const server = await serveFolder(folder);
  try {
    await openWith(page, '');
    await page.evaluate((model) => {
      const told: string[] = [];
      const files = new Set<string>();
      addEventListener('webdit-image', ({ detail: { label, prompt, negativePrompt } }: CustomEvent<Picture>) => {
        told.push(JSON.stringify([label, prompt, negativePrompt]));
      });
      addEventListener('webdit-error', ({ detail }: WindowEventMap['webdit-error']) => told.push(detail.message));
      addEventListener('webdit-progress', ({ detail }: WindowEventMap['webdit-progress']) => {
        if (detail.status === 'done') files.add(detail.file);
      });
      Object.assign(window, { told, files });
      const attributes = {
        model,
        prompt: 'A red fox',
        'negative-prompt': 'blurry',
        steps: '2',
        seed: '7',
        autostart: '',
      };
      const element = document.createElement('web-dit');
      for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
      document.querySelector('main')?.append(element);
    }, server.url);
    const tag = page.locator('web-dit');
    const shows = (name: string) =>
      expect(page.getByRole('img', { name, exact: true })).toBeVisible({ timeout: 90_000 });
    const change = (values: Partial<WebDitElement>) =>
      tag.evaluate((element, values) => void Object.assign(element, values), values);
    await shows('Painted A red fox, seed 7');
    expect(await groups(page)).toEqual(['Picture painter: A red fox']);
    const fox = await pixels(tag);
    const files = await page.evaluate(() => [...(window as unknown as { files: Set<string> }).files]);
    expect(files).toEqual(expect.arrayContaining(['tokenizer/tokenizer.json', 'text_encoder/model.onnx']));

    await change({ prompt: 'A blue house' });
    await shows('Painted A blue house, seed 7');
    expect(await groups(page)).toEqual(['Picture painter: A blue house']);
    const house = await pixels(tag);
    await change({ negativePrompt: 'snow' });
    await expect(tag).toHaveAttribute('negative-prompt', 'snow');
    await expect.poll(() => told(page).then(({ length }) => length), { timeout: 60_000 }).toBe(3);
    const other = await pixels(tag);
    expect(new Set([fox, house, other]).size).toBe(3);

    await change({ label: 'fox' });
    await expect(page.getByRole('alert')).toContainText('The attributes label and prompt both say what to paint.');
    await change({ label: null, negativePrompt: null });
    await expect.poll(() => told(page).then(({ length }) => length), { timeout: 60_000 }).toBe(5);
    expect(await told(page)).toEqual([
      '[null,"A red fox","blurry"]',
      '[null,"A blue house","blurry"]',
      '[null,"A blue house","snow"]',
      'The attributes label and prompt both say what to paint.',
      '[null,"A blue house",null]',
    ]);
    await expectAccessible(page);
  } finally {
    await server.stop();
    await rm(parent, { recursive: true });
  }
});

test('is restyled by parts and properties, and replaced by slots', async ({ page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce', colorScheme: 'dark' });
  await openWith(
    page,
    `<web-dit id="plain" model="${model}" label="🍕"></web-dit>
     <web-dit id="styled" model="${model}" label="🍕"></web-dit>
     <web-dit id="slotted" model="${model}" label="🍕">
       <em slot="placeholder">soon</em><span slot="status">my words</span><button slot="controls">mine</button>
     </web-dit>
     <fieldset disabled><web-dit id="barred" model="${model}" label="🍕"></web-dit></fieldset>`,
    {
      css: `:root { color-scheme: light dark; }
     #styled { inline-size: 300px; --webdit-accent: rgb(1, 2, 3); --webdit-radius: 20px; --webdit-surface: rgb(4, 5, 6); }
     #styled::part(button) { text-transform: uppercase; outline: 1px solid var(--accent); }
     #styled:state(idle)::part(status) { color: rgb(7, 8, 9); }
     #styled[state='error'] { border: 0; }`,
    },
  );
  const style = (id: string, part: string, property: string) =>
    page
      .locator(`#${id} [part=${part}]`)
      .evaluate((element, property) => getComputedStyle(element).getPropertyValue(property), property);
  expect(await style('styled', 'frame', 'background-color')).toBe('rgb(4, 5, 6)');
  expect(await style('styled', 'frame', 'border-top-left-radius')).toBe('20px');
  expect(await style('styled', 'frame', 'width')).toBe('300px');
  expect(await style('styled', 'frame', 'height')).toBe('300px');
  expect(await style('styled', 'button', 'text-transform')).toBe('uppercase');
  expect(await style('styled', 'button', 'border-top-left-radius')).toBe('15px');
  expect(await style('styled', 'status', 'color')).toBe('rgb(7, 8, 9)');
  expect(await style('plain', 'frame', 'width')).toBe('256px');
  expect(await style('plain', 'button', 'transition-property')).toBe('none');
  const focus = page.locator('#styled').getByRole('button');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await expect(focus).toBeFocused();

  const slotted = page.locator('#slotted');
  await expect(slotted.getByText('soon')).toBeVisible();
  await expect(slotted.getByText('my words')).toBeVisible();
  await expect(slotted.getByRole('button', { name: 'mine' })).toBeVisible();
  await expect(slotted.getByRole('button', { name: 'Paint' })).toBeHidden();
  await expect(page.locator('#barred').getByRole('button')).toBeDisabled();
  await expectAccessible(page);
});

test('shows the page’s fallback where there is no WebGPU, and says so once', async ({ page, baseURL }) => {
  // Browsers offer WebGPU to secure pages only, and plain http to any host but localhost is none.
  await page.route('http://insecure.test/**', async (route) => {
    const { pathname } = new URL(route.request().url());
    await route.fulfill({ response: await route.fetch({ url: `${baseURL}${pathname}` }) });
  });
  await page.addInitScript(() => {
    const told: string[] = [];
    Object.assign(window, { told });
    addEventListener('webdit-error', ({ detail }: WindowEventMap['webdit-error']) => told.push(detail.code));
  });
  const weights: string[] = [];
  page.on('request', (request) => {
    if (/safetensors|onnx/.test(request.url())) weights.push(request.url());
  });
  await page.goto('http://insecure.test/apps/embed/one-tag.html');
  await expect(page.getByText('This page paints with WebGPU, which this browser does not offer.')).toBeVisible();
  await expect(page.getByRole('button')).toHaveCount(0);
  expect(await told(page)).toEqual(['webgpu-unavailable']);
  expect(weights).toEqual([]);
});

test('paints in React, follows its state, and tells it of pictures', async ({ page }) => {
  await openWith(page, '<div id="root"></div>', { script: await reactPage() });
  await expect(page.locator('output')).toHaveText('pizza image/png', { timeout: 90_000 });
  await page.getByRole('button', { name: 'butterfly' }).click();
  await expect(page.locator('output')).toHaveText('pizza image/png, butterfly image/png', { timeout: 60_000 });
  await expect(page.locator('web-dit')).toHaveAttribute('label', 'butterfly');
  expect(page.workers()).toHaveLength(1);
});

/** A page of React's as one script; the element comes from the built one. */
async function reactPage(): Promise<string> {
  const output = (await build({
    configFile: false,
    logLevel: 'warn',
    define: { 'process.env.NODE_ENV': '"production"' },
    plugins: [
      {
        name: 'built-element',
        enforce: 'pre',
        resolveId: (id) => (id === './index.ts' ? { id: elementUrl, external: true } : null),
      },
    ],
    build: {
      write: false,
      rolldownOptions: {
        input: fileURLToPath(new URL('../packages/element/src/testing/react-page.ts', import.meta.url)),
      },
    },
  })) as Rolldown.RolldownOutput;
  return output.output[0].code;
}
