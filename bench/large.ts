import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright';
import { serveFolder } from '../e2e/folder-server.ts';
import { type Buffers, countBuffers, workerBuffers } from '../e2e/gpu-buffers.ts';
import {
  integerOption,
  numberOption,
  printCommand,
  readCommandLine,
  requireOption,
} from '../packages/cli/src/arguments.ts';
import { checkWritable, writeJson } from '../packages/cli/src/files.ts';
import { machine } from '../packages/cli/src/machine.ts';
import { median } from '../packages/core/src/index.ts';
import { estimateCost } from '../packages/webdit/src/index.ts';
import { openModelFolder, pathSource } from '../packages/webdit/src/node.ts';
import { chromiumFlags } from '../testing/chromium.ts';
import { watchWorkerHeap } from '../testing/worker-heap.ts';
import type { LargeRequest, LargeResult, LargeStep, LargeWindow } from './large-page.ts';
import { withPage } from './with-page.ts';

/**
 * A large model in Chromium, as its users have it: from a server of its own into the worker and onto the GPU. What the worker's heap
 * and the GPU's buffers held, how far the first forward is from a golden's, what each kind of step took, and what that
 * makes of a run. See README.md for the options.
 */
const options = ['model', 'golden', 'guidance', 'rounds', 'json'];

const args = process.argv.slice(2);
const line = readCommandLine(args, options, 0);
const model = requireOption(line, 'model');
const { golden, json } = line.values;
if (json !== undefined) await checkWritable(json);
const { config, scheduler, weightFiles, defaults } = await openModelFolder(pathSource(model));
const guidanceScale = numberOption(line, 'guidance') ?? defaults.guidanceScale;

/** The runs of the papers: 50 steps of a DiT, 20 of a PixArt. */
const runs =
  config.kind === 'dit'
    ? [
        { steps: 50, budget: 17, label: 7 },
        { steps: 50, budget: 11, label: 7 },
      ]
    : [{ steps: 20, budget: 7 }];

/** The worker's script is stubbed, to count buffers, and Chromium would not let it ask this machine's other servers. */
const flags = [...chromiumFlags, '--disable-features=LocalNetworkAccessChecks'];

const servers = await Promise.all([model, golden].map((folder) => (folder === undefined ? null : serveFolder(folder))));
const [modelUrl, goldenUrl] = servers.map((server) => server?.url ?? null);
try {
  await withPage({ flags }, async (page, url, browser) => {
    await countBuffers(page);
    const heap = await watchWorkerHeap(await page.context().newCDPSession(page));
    await openPage(page, url);
    let loading: { readonly peak: number; readonly samples: number } | null = null;
    let buffers: Buffers | null = null;
    await page.exposeFunction('onLargeProgress', async (text: string) => {
      process.stderr.write(`${text}\n`);
      if (page.workers().length > 0) buffers = await workerBuffers(page);
      if (text.startsWith('loaded')) loading = heap.take();
    });
    const request: LargeRequest = {
      model: modelUrl as string,
      golden: goldenUrl ?? null,
      guidanceScale,
      rounds: integerOption(line, 'rounds', 1, 100) ?? 1,
    };
    const measured = await page.evaluate(
      (request) => (window as unknown as LargeWindow).measureLarge(request),
      request,
    );
    heap.stop();
    const about = machine();
    const result = {
      format: 'webdit-large/1',
      command: printCommand('measure:large', args).replace(/^webdit/, 'node scripts/run.mjs'),
      ...about,
      machine: { ...about.machine, runtime: `Chromium ${browser.version()}, ${about.machine.runtime}` },
      weightBytes: weightFiles.reduce((sum, { bytes }) => sum + bytes, 0),
      ...measured,
      plan: planned(measured),
      heap: loading,
      buffers,
      ratios: runs.map((run) => ratioOf(run, measured.steps)),
    };
    if (json !== undefined) await writeJson(json, result);
    process.stdout.write(`${JSON.stringify(result, null, 1)}\n`);
  });
} finally {
  await Promise.all(servers.map((server) => server?.stop()));
}

/** What the planner said of the run that was measured. */
function planned({ plan }: LargeResult) {
  const [dtype] = plan.dtypes;
  const [policy] = dtype?.policies ?? [];
  return { weights: dtype?.weights, loading: dtype?.loading, total: policy?.total };
}

/** Milliseconds of an uncached run over those of a ProCache run with so many full steps, from the medians of the kinds. */
function ratioOf({ steps: count, budget, ...condition }: (typeof runs)[number], steps: readonly LargeStep[]) {
  const ms = (wanted: LargeStep['kind']) => median(steps.filter(({ kind }) => kind === wanted).map((step) => step.ms));
  const cache = `procache:paper_B${budget}`;
  const { plan, flops } = estimateCost({
    model: config,
    sampler: scheduler,
    steps: count,
    guidanceScale,
    ...condition,
    cache,
  });
  const cached = plan.steps.reduce((sum, { kind }) => sum + ms(kind), 0);
  return {
    cache,
    name: plan.policy,
    steps: count,
    latencyRatio: (count * ms('full')) / cached,
    flopRatio: flops.executed.ratio,
  };
}

/** A page with what is measured. The server's own: a stubbed one may not ask this machine's other servers. */
async function openPage(page: Page, url: string): Promise<void> {
  await page.goto(`${url}models/emoji-dit/model_index.json`);
  await page.addScriptTag({ type: 'module', url: `/@fs${fileURLToPath(new URL('large-page.ts', import.meta.url))}` });
  await page.waitForFunction(() => 'measureLarge' in window);
}
