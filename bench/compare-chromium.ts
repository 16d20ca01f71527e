import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright';
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
import { chromiumFlags } from '../testing/chromium.ts';
import type { CompareWindow, PageRequest } from './compare-page.ts';
import { withPage } from './with-page.ts';

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

await withPage({ flags: chromiumFlags }, async (page, url, browser) => {
  await openComparePage(page, url);
  await page.exposeFunction('onCompareProgress', async ({ done, total, latest, state }: CompareProgress) => {
    process.stderr.write(`${done} of ${total}: ${latest.policy} ${(latest.ms / 1000).toFixed(2)} s\n`);
    if (resume !== undefined) await writeJson(resume, state);
  });
  const { rows, state } = await page.evaluate(
    (request) => (window as unknown as CompareWindow).compareInPage(request),
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

/** An empty page of the server, with what the comparison needs. */
async function openComparePage(page: Page, url: string): Promise<void> {
  await page.route('**/blank.html', (route) =>
    route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>WebDiT benchmark</title>' }),
  );
  await page.goto(`${url}blank.html`);
  const script = fileURLToPath(new URL('compare-page.ts', import.meta.url));
  await page.addScriptTag({ type: 'module', url: `/@fs${script}` });
  await page.waitForFunction(() => 'compareInPage' in window);
}
