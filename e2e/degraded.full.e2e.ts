import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, type Page, test } from 'playwright/test';
import type * as Webdit from '../packages/webdit/src/index.ts';
import { serveStatic } from './static-server.ts';
import { openBlank, webditUrl } from './support.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const built = '/packages/webdit/dist/standalone';

/** The library where one thing is missing that it would use: the picture still comes, and what changed is said. */
interface Painted {
  readonly info: Webdit.PipelineInfo;
  readonly report: Webdit.RunReport;
  readonly pixels: readonly number[];
  readonly isolated: boolean;
}

/** Options that cross to the page. */
type PlainOptions = Omit<Webdit.FromPretrainedOptions, 'store'>;

/** Runs `script` first thing in the page's workers, and in the page unless it is for workers only. Call before the page loads. */
async function degrade(page: Page, script: string, where: 'everywhere' | 'workers' = 'everywhere'): Promise<void> {
  if (where === 'everywhere') await page.addInitScript(script);
  await page.route(/\/degrade\.js$/, (route) => route.fulfill({ contentType: 'text/javascript', body: script }));
  await page.route(/\/worker\.ts\?worker_file/, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `import '/degrade.js';\n${await response.text()}` });
  });
}

const withoutFeature = (name: GPUFeatureName) => `{
  const { get } = Object.getOwnPropertyDescriptor(GPUAdapter.prototype, 'features');
  Object.defineProperty(GPUAdapter.prototype, 'features', {
    get() { return new Set([...get.call(this)].filter((name) => name !== '${name}')); },
  });
}`;

/** A picture by the library at `url`, on a page of the same origin. */
async function draw(page: Page, url: string, options: PlainOptions): Promise<Painted> {
  return page.evaluate(
    async ({ url, options }) => {
      const { DiffusionPipeline }: typeof Webdit = await import(url);
      // Kernels and decoder are chosen here, so that nothing but what is missing makes a difference.
      const pipe = await DiffusionPipeline.fromPretrained('/models/emoji-dit/', {
        tune: 'never',
        vaeBackend: 'wasm',
        ...options,
      });
      const { image, report } = await pipe.generate(
        { label: 'pizza' },
        { seed: 7, numInferenceSteps: 2, outputType: 'imageData' },
      );
      const { info } = pipe;
      await pipe.dispose();
      return { info, report, pixels: [...image.data], isolated: crossOriginIsolated };
    },
    { url, options },
  );
}

async function paint(page: Page, options: PlainOptions = {}): Promise<Painted> {
  await openBlank(page);
  return draw(page, webditUrl, options);
}

/** The largest difference between two pictures, of 255. */
function distance(a: readonly number[], b: readonly number[]): number {
  expect(a).toHaveLength(b.length);
  return Math.max(...a.map((value, i) => Math.abs(value - (b[i] as number))));
}

let whole: Painted;
test.beforeAll(async ({ browser, baseURL }) => {
  const page = await browser.newPage({ ...(baseURL ? { baseURL } : {}) });
  whole = await paint(page);
  await page.close();
});

test('with everything there', () => {
  expect(whole.info.thread).toBe('worker');
  expect(whole.info.adapter.architecture).toBe('swiftshader');
  expect(whole.report.totals.gpuMs).toBeGreaterThan(0);
  expect(new Set(whole.pixels).size).toBeGreaterThan(50);
});

test('no navigator.gpu in workers: runs on the page and says so', async ({ page }) => {
  await degrade(page, 'delete WorkerNavigator.prototype.gpu;', 'workers');
  const { info, pixels } = await paint(page);
  expect(info.thread).toBe('page');
  expect(info.notes).toContain('Runs on the page’s own thread because this browser offers WebGPU only there.');
  expect(pixels).toEqual(whole.pixels);
});

test('no adapter.info: an adapter without a name', async ({ page }) => {
  const script = `for (const [type, name] of [[GPUAdapter, 'info'], [GPUDevice, 'adapterInfo']])
    Object.defineProperty(type.prototype, name, { get: () => undefined });`;
  await degrade(page, script);
  const { info, pixels } = await paint(page);
  expect(info.adapter).toEqual({ vendor: '', architecture: '', device: '', description: '', isFallback: false });
  // Taken for hardware, it gets other kernels.
  expect(distance(pixels, whole.pixels)).toBeLessThanOrEqual(1);
});

test('no timestamp-query: the report has the wall clock only', async ({ page }) => {
  await degrade(page, withoutFeature('timestamp-query'));
  const { report, pixels } = await paint(page);
  expect(report.totals.ms).toBeGreaterThan(0);
  expect(report.totals.gpuMs).toBeUndefined();
  expect(pixels).toEqual(whole.pixels);
});

const withSubgroups = ({ kernels }: Webdit.RunReport) =>
  Object.values(kernels).filter((name) => /subgroups|quads/.test(name));

test('no subgroups: kernels that do without', async ({ page }) => {
  await degrade(page, withoutFeature('subgroups'));
  const { report, pixels } = await paint(page);
  expect(withSubgroups(whole.report)).not.toEqual([]);
  expect(withSubgroups(report)).toEqual([]);
  expect(distance(pixels, whole.pixels)).toBeLessThanOrEqual(1);
});

test('no Float16Array: halves all the same', async ({ page, browser, baseURL }) => {
  const said: string[] = [];
  page.on('console', (message) => said.push(message.text()));
  await degrade(
    page,
    `{
      const where = typeof document === 'undefined' ? 'worker' : 'page';
      const before = typeof Float16Array;
      delete globalThis.Float16Array;
      console.info(where + ': ' + before + ', then ' + typeof Float16Array);
    }`,
  );
  const { info, pixels } = await paint(page, { dtype: 'f16' });
  expect(said).toEqual(expect.arrayContaining(['page: function, then undefined', 'worker: function, then undefined']));
  expect(info.dtype).toBe('f16');
  const other = await browser.newPage({ ...(baseURL ? { baseURL } : {}) });
  const halves = await paint(other, { dtype: 'f16' });
  await other.close();
  expect(pixels).toEqual(halves.pixels);
});

test('no cross-origin isolation: one thread where there were several, and the same picture', async ({ page }) => {
  // Threads are workers of the worker, whose scripts only a server can send with headers.
  execFileSync(process.execPath, [join(root, 'scripts/run.mjs'), 'build', 'webdit/standalone'], {
    stdio: ['ignore', 2, 2],
  });
  const isolated = await paintOnHost(page, {
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Embedder-Policy': 'require-corp',
  });
  expect(isolated.isolated).toBe(true);
  expect(isolated.info.vaeThreads).toBeGreaterThan(1);
  const alone = await paintOnHost(page, {});
  expect(alone.isolated).toBe(false);
  expect(alone.info.vaeThreads).toBe(1);
  expect(alone.info.adapter.description).toMatch(/, 1 thread$/);
  expect(distance(alone.pixels, isolated.pixels)).toBeLessThanOrEqual(1);
});

/** A picture by the processor, from a host that sends everything with these headers. */
async function paintOnHost(page: Page, headers: Readonly<Record<string, string>>): Promise<Painted> {
  const server = await serveStatic(root, () => headers);
  try {
    const pretend = "Object.defineProperty(Object.getPrototypeOf(navigator), 'hardwareConcurrency', { value: 4 });";
    const answers = {
      'blank.html': { contentType: 'text/html', body: '<!doctype html><title>blank</title>' },
      // With two processors or fewer onnxruntime-web takes one thread.
      'pretend.js': { contentType: 'text/javascript', body: pretend },
      'worker.js': { contentType: 'text/javascript', body: `import '/pretend.js';\nimport '${built}/worker.js';` },
    };
    for (const [name, answer] of Object.entries(answers)) {
      await page.route(`${server.url}/${name}`, (route) => route.fulfill({ ...answer, headers }));
    }
    await page.goto(`${server.url}/blank.html`);
    return await draw(page, `${built}/webdit.js`, { device: 'wasm', workerUrl: '/worker.js' });
  } finally {
    await server.close();
  }
}

test('no ranges: nothing asks for any while no download breaks off', async ({ page }) => {
  const files: string[] = [];
  const ranges: string[] = [];
  await page.route(/\/models\//, async (route) => {
    const { range, ...headers } = route.request().headers();
    files.push(route.request().url());
    if (range !== undefined) ranges.push(range);
    const response = await route.fetch({ headers });
    await route.fulfill({ response, headers: { ...response.headers(), 'accept-ranges': 'none' } });
  });
  const { info, pixels } = await paint(page);
  expect(info.storage.state).toBe('stored');
  expect(files).toContainEqual(expect.stringMatching(/\.safetensors$/));
  expect(ranges).toEqual([]);
  expect(pixels).toEqual(whole.pixels);
});
