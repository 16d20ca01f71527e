import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright';
import { createServer, type ViteDevServer } from 'vite';
import {
  integerOption,
  listOption,
  numberOption,
  readCommandLine,
  requireOption,
} from '../packages/cli/src/arguments.ts';
import { checkWritable, readSaved, writeBytes, writeJson } from '../packages/cli/src/files.ts';
import { pairOptions, readFewerSteps, readPairs } from '../packages/cli/src/lab-options.ts';
import { machine } from '../packages/cli/src/machine.ts';
import type { CompareProgress, DType } from '../packages/webdit/src/index.ts';
import { parseCompareState } from '../packages/webdit/src/lab/comparison.ts';
import { compareTable } from '../packages/webdit/src/lab/table.ts';
import { chromiumFlags, findChromium } from '../testing/chromium.ts';
import type { BenchWindow, PageRequest } from './page.ts';

/**
 * `webdit compare` inside Chromium: the pipeline in its worker, SwiftShader as the GPU, and a JSON file of the same shape. See
 * README.md for the options.
 */
const options = ['policies', ...pairOptions, 'steps', 'fewer-steps', 'guidance', 'dtype', 'resume', 'json', 'markdown'];

const args = process.argv.slice(2);
const line = readCommandLine(args, options, 0);
requireOption(line, 'policies');
const { resume, json, markdown } = line.values;
for (const path of [json, markdown]) if (path !== undefined) await checkWritable(path);

const request: PageRequest = {
  model: '/models/emoji-dit',
  dtype: line.values.dtype as DType | undefined,
  rows: [...(listOption(line, 'policies') ?? []), ...readFewerSteps(line)],
  pairs: readPairs(line, { count: 1, firstSeed: 0 }),
  steps: integerOption(line, 'steps', 1, 1000),
  guidanceScale: numberOption(line, 'guidance'),
  state: await readSaved(resume, parseCompareState),
};

await withPage(async (page, browser) => {
  await page.exposeFunction('onCompareProgress', async ({ done, total, latest, state }: CompareProgress) => {
    process.stderr.write(`${done} of ${total}: ${latest.policy} ${(latest.ms / 1000).toFixed(2)} s\n`);
    if (resume !== undefined) await writeJson(resume, state);
  });
  const { rows, state } = await page.evaluate(
    (request) => (window as unknown as BenchWindow).compareInPage(request),
    request,
  );
  const { format, settings, measurements } = state;
  const about = machine();
  const runtime = `Chromium ${browser.version()}, ${about.machine.runtime}`;
  const command = `node scripts/run.mjs compare:chromium ${args.join(' ')}`;
  const result = { format, command, ...about, machine: { ...about.machine, runtime }, settings, rows, measurements };
  if (json !== undefined) await writeJson(json, result);
  const table = compareTable(settings, rows);
  if (markdown !== undefined) await writeBytes(markdown, `${table}\n`);
  process.stdout.write(`${table}\n`);
});

/** An empty page on the demo's development server, which serves the library's sources and the models. */
async function withPage(work: (page: Page, browser: Browser) => Promise<void>): Promise<void> {
  let server: ViteDevServer | undefined;
  let browser: Browser | undefined;
  try {
    server = await createServer({
      root: fileURLToPath(new URL('../apps/demo', import.meta.url)),
      // an edit of a source file must not reload the page in the middle of a measurement
      server: { hmr: false, watch: null },
      logLevel: 'warn',
    });
    await server.listen();
    browser = await chromium.launch({ executablePath: findChromium(), args: chromiumFlags });
    const page = await browser.newPage();
    await page.route('**/blank.html', (route) =>
      route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>WebDiT benchmark</title>' }),
    );
    await page.goto(`${server.resolvedUrls?.local[0]}blank.html`);
    const script = fileURLToPath(new URL('page.ts', import.meta.url));
    await page.addScriptTag({ type: 'module', url: `/@fs${script}` });
    await page.waitForFunction(() => 'compareInPage' in window);
    await work(page, browser);
  } finally {
    await browser?.close();
    await server?.close();
  }
}
