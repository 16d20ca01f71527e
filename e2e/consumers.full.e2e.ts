import { execFile, execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { decode } from 'fast-png';
import { expect, type Locator, type Page, test } from 'playwright/test';
import type { WebDitElement } from '../packages/element/src/index.ts';
import { expectPicture, pixelsOf } from './canvas.ts';
import { freePort, type StaticServer, serveStatic } from './static-server.ts';

/**
 * The packages as users get them: packed as for publishing, installed outside this workspace, and built by one bundler after
 * the other. All of them have to paint the very same picture.
 */
const root = fileURLToPath(new URL('..', import.meta.url));
let consumers = '';
const servers: StaticServer[] = [];

test.beforeAll(() => {
  const args = [join(root, 'scripts/run.mjs'), 'consumers'];
  consumers = execFileSync(process.execPath, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 2],
    encoding: 'utf8',
  }).trim();
});
test.afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

/** Runs a tool in a folder. @throws Error with what it said. */
function run(cwd: string, script: string, ...args: string[]) {
  return promisify(execFile)(process.execPath, [script, ...args], { cwd });
}

/** Runs a tool of the consumers' own in the folder of one of them. */
const runTool = (project: string, script: string, ...args: string[]) => run(join(consumers, project), script, ...args);

const tool = (path: string) => join(consumers, 'node_modules', path);

/** Serves a folder that also has the models, as any static host would. */
async function host(folder: string, headers: Record<string, string> = {}): Promise<StaticServer> {
  link(join(root, 'models'), join(folder, 'models'));
  const server = await serveStatic(folder, () => headers);
  servers.push(server);
  return server;
}

/** Puts a folder, or a file, where a run before this one may have put it. */
function link(from: string, to: string): void {
  mkdirSync(join(to, '..'), { recursive: true });
  try {
    symlinkSync(from, to, 'junction');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** The page around what a bundler has made, or around no more than files. */
function writePage(folder: string, body: string, files: Readonly<Record<string, string>> = {}): void {
  mkdirSync(folder, { recursive: true });
  const page = `<!doctype html>\n<meta charset="utf-8">\n<title>Consumer</title>\n<body></body>\n${body}\n`;
  for (const [name, text] of Object.entries({ 'index.html': page, ...files })) writeFileSync(join(folder, name), text);
}

/** RGBA of the picture that the first consumer has painted. */
let first: string | undefined;

/** Opens a page that draws by itself. @returns its picture, once it is there. */
async function open(page: Page, url: string): Promise<Locator> {
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  // Browsers ask for it by themselves.
  await page.route('**/favicon.ico', (route) => route.fulfill({ status: 204 }));
  await page.goto(url);
  const picture = page.locator('canvas[data-thread], web-dit[state=done] canvas[part=picture]');
  await expect.poll(async () => errors.length + (await picture.count()), { timeout: 100_000 }).toBeGreaterThan(0);
  expect(errors).toEqual([]);
  return picture;
}

/** Holds a picture against that of the consumer before. */
async function expectSamePicture(picture: Locator): Promise<void> {
  const pixels = await pixelsOf(picture);
  expectPicture(pixels);
  first ??= pixels;
  expect(pixels).toBe(first);
}

/** The same for a page of the library, whose engine has to be in a worker. */
async function expectDrawn(page: Page, url: string): Promise<void> {
  const picture = await open(page, url);
  await expect(picture).toHaveAttribute('data-thread', 'worker');
  await expectSamePicture(picture);
}

async function expectPainted(page: Page, url: string): Promise<void> {
  const picture = await open(page, url);
  const thread = await page.locator('web-dit').evaluate((element: WebDitElement) => element.info?.thread);
  expect(thread).toBe('worker');
  await expectSamePicture(picture);
}

test('Vite, built', async ({ page }) => {
  await runTool('vite', tool('vite/bin/vite.js'), 'build', '--logLevel', 'warn');
  await expectDrawn(page, `${(await host(join(consumers, 'vite/dist'))).url}/index.html`);
});

test('Vite, in development', async ({ page }) => {
  link(join(root, 'models'), join(consumers, 'vite/public/models'));
  const port = await freePort();
  const args = [tool('vite/bin/vite.js'), '--port', String(port), '--strictPort'];
  const server = spawn(process.execPath, args, { cwd: join(consumers, 'vite'), stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [server.stdout, server.stderr]) stream.on('data', (chunk) => (said += chunk));
  try {
    await new Promise((resolve, reject) => {
      server.stdout.once('data', resolve);
      server.once('error', reject);
      server.once('close', (code) => reject(new Error(`Vite ended with ${code} and said:\n${said}`)));
    });
    await expectDrawn(page, `http://localhost:${port}/`);
  } finally {
    server.kill();
  }
});

test('webpack', async ({ page }) => {
  await runTool('webpack', tool('webpack-cli/bin/cli.js'));
  const dist = join(consumers, 'webpack/dist');
  writePage(dist, '<script src="main.js"></script>');
  await expectDrawn(page, `${(await host(dist)).url}/index.html`);
});

test('Rollup, with the worker copied', async ({ page }) => {
  await runTool('rollup', tool('rollup/dist/bin/rollup'), '--config', '--silent');
  const dist = join(consumers, 'rollup/dist');
  writePage(dist, '<script type="module" src="main.js"></script>');
  await expectDrawn(page, `${(await host(dist)).url}/index.html`);
});

test('esbuild, with the worker as an entry of its own', async ({ page }) => {
  await runTool('esbuild', 'build.js');
  const dist = join(consumers, 'esbuild/dist');
  writePage(dist, '<script type="module" src="main.js"></script>');
  await expectDrawn(page, `${(await host(dist)).url}/index.html`);
});

test('the element in Vite', async ({ page }) => {
  await runTool('element', tool('vite/bin/vite.js'), 'build', '--logLevel', 'warn');
  await expectPainted(page, `${(await host(join(consumers, 'element/dist'))).url}/index.html`);
});

/** The packages as a CDN lays them out: by name and version, each in a folder of its own. @returns their addresses by name. */
async function cdn(): Promise<{ readonly url: string; readonly packages: Readonly<Record<string, string>> }> {
  const folder = join(consumers, 'cdn');
  const packages: Record<string, string> = {};
  for (const name of ['webdit', '@webdit/element', 'onnxruntime-web']) {
    const installed = join(consumers, 'node_modules', name);
    const { version } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
    packages[name] = `/npm/${name}@${version}`;
    link(installed, join(folder, packages[name]));
  }
  const { url } = await host(folder, { 'Access-Control-Allow-Origin': '*' });
  return { url, packages };
}

/** What a page with scripts of another origin has to allow, and nothing else. */
const strictPolicy = (other: string, policies: string) =>
  [
    "default-src 'none'",
    `script-src 'self' ${other} 'wasm-unsafe-eval'`,
    `worker-src blob: ${other}`,
    `connect-src 'self' ${other}`,
    "require-trusted-types-for 'script'",
    `trusted-types ${policies}`,
  ].join('; ');

test('no bundler, from a second origin, under a strict policy with Trusted Types', async ({ page }) => {
  const { url: other, packages } = await cdn();
  const folder = join(consumers, 'no-bundler');
  writePage(folder, '<script type="module" src="main.js"></script>', {
    'main.js': `import { DiffusionPipeline } from '${other}${packages.webdit}/dist/standalone/webdit.js';
import { draw } from './draw.js';
await draw({ DiffusionPipeline });
`,
  });
  link(join(consumers, 'draw.js'), join(folder, 'draw.js'));
  const workers: string[] = [];
  page.on('worker', (worker) => workers.push(worker.url()));
  const { url } = await host(folder, { 'Content-Security-Policy': strictPolicy(other, 'webdit') });
  await expectDrawn(page, `${url}/index.html`);
  expect(workers).toEqual([expect.stringMatching(/^blob:/)]);
});

test('the element in React', async ({ page }) => {
  await runTool('react', tool('vite/bin/vite.js'), 'build', '--logLevel', 'warn');
  await expectPainted(page, `${(await host(join(consumers, 'react/dist'))).url}/index.html`);
  // The handler has been given the event.
  await expect(page.locator('output')).toHaveText('image/png');
});

test('the element from a second origin, with one script tag and one tag', async ({ page }) => {
  const { url: other, packages } = await cdn();
  const folder = join(consumers, 'one-tag');
  const script = `${other}${packages['@webdit/element']}/dist/standalone/web-dit.js`;
  const tag = readFileSync(join(consumers, 'element/index.html'), 'utf8').match(/<web-dit.*<\/web-dit>/)?.[0];
  writePage(folder, `<script type="module" src="${script}"></script>\n${tag}`);
  const { url } = await host(folder, { 'Content-Security-Policy': strictPolicy(other, 'webdit lit-html') });
  await expectPainted(page, `${url}/index.html`);
});

test('no bundler, from the page’s own origin', async ({ page }) => {
  const folder = join(consumers, 'own-origin');
  writePage(folder, '<script type="module" src="main.js"></script>', {
    'main.js': `import { DiffusionPipeline } from './webdit/webdit.js';
import { draw } from './draw.js';
await draw({ DiffusionPipeline }, { wasmPaths: 'onnxruntime' });
`,
  });
  link(join(consumers, 'node_modules/webdit/dist/standalone'), join(folder, 'webdit'));
  link(join(consumers, 'node_modules/onnxruntime-web/dist'), join(folder, 'onnxruntime'));
  link(join(consumers, 'draw.js'), join(folder, 'draw.js'));
  const policy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'";
  const workers: string[] = [];
  page.on('worker', (worker) => workers.push(worker.url()));
  const { url } = await host(folder, { 'Content-Security-Policy': policy });
  await expectDrawn(page, `${url}/index.html`);
  expect(workers).toEqual([`${url}/webdit/worker.js`]);
});

test('without onnxruntime-web: builds all the same, and says what to install', async ({ page }) => {
  // Nowhere near the others, where it would be found.
  const project = mkdtempSync(join(tmpdir(), 'webdit-consumer-'));
  try {
    for (const name of libraryAndDependencies) {
      cpSync(join(consumers, 'node_modules', name), join(project, 'node_modules', name), { recursive: true });
    }
    writePage(project, '<script type="module" src="main.js"></script>', {
      'main.js': `import { DiffusionPipeline } from 'webdit';
await DiffusionPipeline.fromPretrained('/models/emoji-dit/').catch(({ code, remedy }) => {
  document.title = code + ': ' + remedy;
});
`,
    });
    await run(project, tool('vite/bin/vite.js'), 'build', '--logLevel', 'warn');
    await page.goto(`${(await host(join(project, 'dist'))).url}/index.html`);
    const says = 'network: Install the package onnxruntime-web and check that its files are served.';
    await expect(page).toHaveTitle(says, { timeout: 60_000 });
  } finally {
    rmSync(project, { recursive: true });
  }
});

const libraryAndDependencies = [
  'webdit',
  '@huggingface/tokenizers',
  'comlink',
  'hash-wasm',
  'idb-keyval',
  'pbf',
  'resolve-protobuf-schema',
  'protocol-buffers-schema',
];

test('types, by themselves', async () => {
  const failure = await runTool('types', tool('typescript/bin/tsc')).then(
    () => null,
    ({ code, stdout, stderr }) => ({ code, said: stdout + stderr }),
  );
  expect(failure).toBeNull();
});

test('the command line', async () => {
  const file = join(consumers, 'pizza.png');
  const model = join(root, 'models/emoji-dit');
  const settings = ['--seed', '7', '--steps', '2', '--guidance', '3', '--adapter', 'swiftshader', '--out', file];
  await runTool('.', tool('@webdit/cli/dist/webdit.js'), 'generate', '--model', model, '--label', 'pizza', ...settings);
  const { width, height, channels, data } = decode(readFileSync(file));
  expect([width, height]).toEqual([64, 64]);
  const rgba = Array.from({ length: 64 * 64 * 4 }, (_, i) => (i % 4 < 3 ? data[(i >> 2) * channels + (i % 4)] : 255));
  // Another build of SwiftShader than the browser's.
  expect(first).toBeDefined();
  const browsers = first?.split(',').map(Number) ?? [];
  const worst = Math.max(...rgba.map((value, i) => Math.abs((value as number) - (browsers[i] as number))));
  expect(worst).toBeLessThanOrEqual(2);
});
