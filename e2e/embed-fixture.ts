import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Locator, Page, Request } from 'playwright/test';
import { pixelsOf } from './canvas.ts';
import { test as base, expect } from './fixture.ts';
import { type StaticServer, serveStatic } from './static-server.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What a careful host allows a page with the element; forms may go to itself. */
const policy = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  // Models may come from another site.
  "connect-src 'self' http://localhost:*",
  "base-uri 'none'",
  "form-action 'self'",
].join('; ');
const trustedTypes = "require-trusted-types-for 'script'; trusted-types webdit lit-html";

/** The repository from a host that knows no cross-origin isolation, under a strict content security policy; the element is built. */
export const test = base.extend<object, { host: StaticServer }>({
  host: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the pattern.
    async ({}, use) => {
      execFileSync(process.execPath, [join(root, 'scripts/run.mjs'), 'build', 'element/standalone'], {
        stdio: 'inherit',
      });
      const server = await serveStatic(root, (path) => ({
        'Content-Security-Policy': path.endsWith('.html') ? `${policy}; ${trustedTypes}` : policy,
      }));
      await use(server);
      await server.close();
    },
    { scope: 'worker', timeout: 120_000 },
  ],
  baseURL: ({ host }, use) => use(host.url),
});

export { expect };

/** Opens a file of apps/embed with as many steps as a test has time for. */
export async function openEmbed(page: Page, name: string, steps: number): Promise<void> {
  await page.route(`**/apps/embed/${name}`, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: (await response.text()).replaceAll('steps="50"', `steps="${steps}"`) });
  });
  await page.goto(`/apps/embed/${name}`);
}

/** A page that has nothing but the element's script, this markup, and a style sheet and script of its own. */
export async function openWith(page: Page, body: string, { css = '', script = '' } = {}): Promise<void> {
  await page.route('**/blank.html', (route) =>
    route.fulfill({
      contentType: 'text/html',
      headers: { 'Content-Security-Policy': `${policy}; ${trustedTypes}` },
      body: `<!doctype html><html lang="en"><title>blank</title><link rel="stylesheet" href="/blank.css">
        <script type="module" src="/packages/element/dist/standalone/web-dit.js"></script>
        <script type="module" src="/blank.js"></script><main><h1>Test</h1>${body}</main></html>`,
    }),
  );
  await page.route('**/blank.css', (route) => route.fulfill({ contentType: 'text/css', body: css }));
  await page.route('**/blank.js', (route) => route.fulfill({ contentType: 'text/javascript', body: script }));
  await page.goto('/blank.html');
  await page.evaluate(() => customElements.whenDefined('web-dit').then(() => {}));
}

export const model = '/models/emoji-dit/';

/** What a page imports of the built element. */
export const elementUrl = '/packages/element/dist/standalone/web-dit.js';

/** Names of the groups as assistive technology hears them; ElementInternals name them, which Playwright's roles do not see. */
export async function groups(page: Page): Promise<string[]> {
  const session = await page.context().newCDPSession(page);
  const { nodes } = await session.send('Accessibility.getFullAXTree');
  return nodes.filter(({ role }) => role?.value === 'group').map(({ name }) => String(name?.value));
}

/** Requests for weights. */
export interface WeightsRequests {
  asked: number;
  /** Those that were answered to the last byte. */
  whole: number;
}

/** Counts from here on. A load may ask twice: it reads the head of the file and gives up, then takes all of it. */
export function countWeights(page: Page): WeightsRequests {
  const counts = { asked: 0, whole: 0 };
  const isWeights = (request: Request) => request.url().endsWith('.safetensors');
  page.on('request', (request) => {
    if (isWeights(request)) counts.asked++;
  });
  page.on('requestfinished', (request) => {
    if (isWeights(request)) counts.whole++;
  });
  return counts;
}

export const painted = (locator: Locator) => expect(locator).toHaveAttribute('state', 'done', { timeout: 90_000 });

/** Pixels of an element's picture, RGBA, as text. */
export const pixels = (element: Locator) => pixelsOf(element.locator('canvas[part~=picture]'));
