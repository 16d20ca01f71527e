import { readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { chromium, type Request } from 'playwright/test';
import { chromiumFlags, findChromium } from '../testing/chromium.ts';
import { expect, test } from './fixture.ts';
import { dist } from './static-site.ts';

const mebibyte = 2 ** 20;
const files = readdirSync(dist, { recursive: true, withFileTypes: true }).flatMap((entry) => {
  const path = join(entry.parentPath, entry.name);
  return entry.isFile() ? [{ path, name: entry.name, bytes: statSync(path).size }] : [];
});

test('every deployed file fits the hosts that take the least', () => {
  expect(files.length).toBeGreaterThan(40);
  expect(files.filter(({ bytes }) => bytes >= 25 * mebibyte)).toEqual([]);
});

test('the first view runs on less than 150 kB of compressed scripts, none of them the engine or onnxruntime', async ({
  page,
}) => {
  const scripts: Request[] = [];
  const lists: Request[] = [];
  const large: string[] = [];
  page.on('requestfinished', async (request) => {
    if (request.resourceType() === 'script') scripts.push(request);
    if (request.resourceType() === 'fetch') lists.push(request);
    if ((await request.sizes()).responseBodySize > 1e6) large.push(request.url());
  });
  await page.goto('/');
  await expect(page.getByRole('option', { name: 'pizza' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Generate' })).toBeEnabled();
  await page.waitForLoadState('networkidle');
  const compressed = await gzipped(scripts);
  expect(compressed).toBeLessThan(150_000);
  // What the page on hosting says, to a fifth: the app grows a little with many changes.
  const says = /(\d+) kB of compressed scripts, (\d+) kB of compressed lists/;
  const [, ofScripts, ofLists] = says.exec(readFileSync('docs/hosting.md', 'utf8')) ?? [];
  expect(Math.abs(compressed / 1000 / Number(ofScripts) - 1), `${compressed} bytes of scripts`).toBeLessThan(0.2);
  const listed = await gzipped(lists);
  expect(Math.abs(listed / 1000 / Number(ofLists) - 1), `${listed} bytes of lists`).toBeLessThan(0.2);
  const names = scripts.map((request) => new URL(request.url()).pathname);
  expect(names.filter((name) => /\/(ort|worker|[a-z-]*engine)[-.]/.test(name))).toEqual([]);
  expect(page.workers()).toEqual([]);
  expect(large).toEqual([]);

  // What the next click would fetch is said before it.
  const most = files.flatMap(({ name, bytes }) =>
    bytes > 1e6 && !/(threaded-.*wasm|encoder\.onnx)$/.test(name) ? [bytes] : [],
  );
  expect(most).toHaveLength(3);
  const megabytes = Math.round(most.reduce((sum, bytes) => sum + bytes, 0) / 1e6);
  await expect(page.locator('first-download')).toContainText(`downloads up to ${megabytes} MB`);
});

/** Bytes of what was answered, each compressed. */
async function gzipped(requests: readonly Request[]): Promise<number> {
  const bodies = await Promise.all(requests.map(async (request) => (await request.response())?.body()));
  return bodies.reduce((sum, body) => sum + gzipSync(body as Buffer, { level: 9 }).length, 0);
}

interface AppFile {
  readonly url: string;
  readonly bytes?: number;
}

test('the service worker fetches nothing large by itself, and knows every file of the app', () => {
  const source = readFileSync(join(dist, 'sw.js'), 'utf8');
  const [list = '[]'] = /\[\{"[^\]]*\]/.exec(source) ?? [];
  const listed = JSON.parse(list) as readonly AppFile[];
  const byItself = listed.filter(({ bytes }) => bytes === undefined).map(({ url }) => statSync(join(dist, url)).size);
  expect(Math.max(...byItself)).toBeLessThan(1e6);
  expect(listed.filter(({ bytes }) => bytes !== undefined).map(({ url }) => url)).toEqual(
    expect.arrayContaining([expect.stringMatching(/ort-wasm.*\.wasm$/), expect.stringMatching(/ort\.jspi.*\.js$/)]),
  );
  for (const { url, bytes } of listed) if (bytes !== undefined) expect(statSync(join(dist, url)).size).toBe(bytes);
  const urls = new Set(listed.map(({ url }) => url));
  const unknown = files.map(({ path }) => path.slice(dist.length)).filter((path) => !urls.has(path));
  // The large files of the model are the weight store's; the rest speaks to hosts, or is the service worker.
  expect(unknown.sort()).toEqual([
    '_headers',
    'models/emoji-dit/transformer/diffusion_pytorch_model.safetensors',
    'models/emoji-dit/vae/decoder.onnx',
    'models/emoji-dit/vae/encoder.onnx',
    'sw.js',
  ]);
});

/** Width and height of a PNG, from its header. */
function pngSize(path: string): string {
  const header = readFileSync(path);
  expect(header.subarray(1, 4).toString()).toBe('PNG');
  return `${header.readUInt32BE(16)}x${header.readUInt32BE(20)}`;
}

interface Icon {
  readonly src: string;
  readonly sizes: string;
  readonly purpose?: string;
}

test('the browser finds nothing that stands in the way of installing', async ({ baseURL }) => {
  // Not in the tests' own windows, which are private ones.
  const profile = await mkdtemp(join(tmpdir(), 'webdit-install-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: findChromium(),
    args: chromiumFlags,
    serviceWorkers: 'allow',
  });
  try {
    const page = await context.newPage();
    await page.goto(`${baseURL}/`);
    await expect(page.getByRole('button', { name: 'Keep offline' })).toBeVisible();
    const devtools = await context.newCDPSession(page);
    const { data, errors } = await devtools.send('Page.getAppManifest');
    expect(errors).toEqual([]);
    expect((await devtools.send('Page.getInstallabilityErrors')).installabilityErrors).toEqual([]);
    expect((await devtools.send('Page.getAppId')).appId).toBe(`${baseURL}/`);

    const manifest = JSON.parse(data ?? '') as { icons: Icon[]; shortcuts: { url: string; icons: Icon[] }[] };
    expect(manifest).toMatchObject({ start_url: '.', scope: '.', display: 'standalone', short_name: 'WebDiT' });
    const icons = [...manifest.icons, ...manifest.shortcuts.flatMap((shortcut) => shortcut.icons)];
    for (const { src, sizes } of icons) expect(pngSize(join(dist, src))).toBe(sizes);
    expect(manifest.icons.map(({ sizes, purpose }) => `${sizes} ${purpose}`)).toEqual([
      '192x192 any',
      '512x512 any',
      '192x192 maskable',
      '512x512 maskable',
    ]);
    for (const { url } of manifest.shortcuts) {
      await page.goto(new URL(url, `${baseURL}/`).href);
      await expect(page.locator('nav a[aria-current=page]')).toHaveAttribute('href', new RegExp(`^${url.slice(2)}\\?`));
    }
    const apple = page.locator('link[rel=apple-touch-icon]');
    expect(pngSize(join(dist, (await apple.getAttribute('href')) ?? ''))).toBe('180x180');
  } finally {
    await context.close();
    await rm(profile, { recursive: true, force: true });
  }
});
