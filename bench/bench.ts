import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Page } from 'playwright';
import { badUsage, integerOption, readCommandLine, withoutFolders } from '../packages/cli/src/arguments.ts';
import { checkWritable, writeJson } from '../packages/cli/src/files.ts';
import { machine } from '../packages/cli/src/machine.ts';
import { chromiumFlags, hardwareFlags } from '../testing/chromium.ts';
import type { BenchWindow } from './page.ts';
import { type PageResult, type PageSettings, plainResult } from './result.ts';
import { baseUrl, onnxPath, serve } from './serve.ts';
import { withPage } from './with-page.ts';

/** `npm run bench`: the bench page in Chromium, its JSON on stdout; or, with --open, in a browser of the user's. See README.md. */
const args = process.argv.slice(2);
const line = readCommandLine(args, ['adapter', 'forwards', 'json', 'only', 'onnx'], 0, ['open', 'quick']);
const { adapter = 'default', only } = line.values;
const json = userPath(line.values.json);
if (!['default', 'swiftshader'].includes(adapter)) {
  throw badUsage(`There is no adapter called "${adapter}" in Chromium.`, 'Use one of: default, swiftshader.');
}
if (only !== undefined && !['kernels', 'peer'].includes(only)) {
  throw badUsage(`--only is "${only}".`, 'Use one of: kernels, peer.');
}
const onnx = userPath(line.values.onnx);
if (onnx !== undefined && !existsSync(onnx)) throw badUsage(`${onnx} does not exist.`, 'Check the path of --onnx.');
if (json !== undefined) await checkWritable(json);

const settings: PageSettings = {
  quick: line.flags.has('quick'),
  kernels: only !== 'peer',
  onnx: onnx !== undefined && only !== 'kernels' ? onnxPath : null,
  forwards: integerOption(line, 'forwards', 1, 1000) ?? 9,
};

if (line.flags.has('open')) await serveUntilInterrupted();
else await measure(adapter === 'swiftshader' || !(await hasHardware()) ? chromiumFlags : hardwareFlags);

/** npm moves to the repository before it runs a script; paths are relative to where the user stands. */
function userPath(path: string | undefined): string | undefined {
  const here = process.env.npm_lifecycle_event === 'bench' ? process.env.INIT_CWD : undefined;
  return path === undefined ? undefined : resolve(here ?? '.', path);
}

async function serveUntilInterrupted(): Promise<void> {
  const server = await serve({ isolated: true, onnx });
  process.stdout.write(`Open ${baseUrl(server)}bench/ in a browser with WebGPU; Ctrl-C ends.\n`);
  await Promise.race(['SIGINT', 'SIGTERM'].map((signal) => once(process, signal)));
  await server.close();
}

/** Whether Chromium finds an adapter that does not run on the CPU. */
async function hasHardware(): Promise<boolean> {
  let found = false;
  await withPage({ flags: hardwareFlags, isolated: true }, async (page, url) => {
    await openBench(page, url);
    found = await page.evaluate(async () => {
      const text = document.getElementById('adapter')?.textContent ?? '';
      return !(document.getElementById('run') as HTMLButtonElement).disabled && !text.includes('software');
    });
  });
  return found;
}

async function openBench(page: Page, url: string): Promise<void> {
  await page.goto(`${url}bench/`);
  await page.waitForFunction(() => !document.getElementById('adapter')?.textContent?.includes('…'));
}

async function measure(flags: readonly string[]): Promise<void> {
  await withPage({ flags, isolated: true, onnx }, async (page, url, browser) => {
    await page.exposeFunction('onBenchProgress', (text: string) => void process.stderr.write(`${text}\n`));
    await openBench(page, url);
    const result: PageResult = await page.evaluate(
      (settings) => (window as unknown as BenchWindow).runBenchmark(settings),
      settings,
    );
    const { format, date, machine: _, ...rest } = plainResult(result);
    const about = machine();
    const full = {
      format,
      command: `npm run bench -- ${withoutFolders(args).join(' ')}`.trim(),
      date,
      machine: { ...about.machine, runtime: `Chromium ${browser.version()}, ${about.machine.runtime}` },
      flags,
      ...rest,
    };
    if (json !== undefined) await writeJson(json, full);
    process.stdout.write(`${JSON.stringify(full, null, 2)}\n`);
  });
}
