import { runnerImport } from 'vite';

/** Runs bench/compare-chromium.ts, which Node 20 cannot run by itself. */
export async function run(args) {
  process.argv = [process.execPath, 'compare:chromium', ...args];
  await runnerImport('./bench/compare-chromium.ts', { configFile: false });
  process.exit();
}
