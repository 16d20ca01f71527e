import { openNodeGpu } from '../packages/cli/src/adapter.ts';
import { findChromium } from './chromium.ts';

/** Answers on stdout what the test runner asks about this machine: `chromium` (its path) or `adapter NAME` (JSON). */
const [subject, name = 'default'] = process.argv.slice(2);

async function adapterFacts(): Promise<string> {
  const { gpu, name: description } = await openNodeGpu(name);
  const adapter = await gpu.requestAdapter();
  return JSON.stringify({ description, hasF16: adapter?.features.has('shader-f16') ?? false });
}

process.stdout.write(`${subject === 'chromium' ? findChromium() : await adapterFacts()}\n`);
