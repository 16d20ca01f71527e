import { runnerImport } from 'vite';

/** Runs bench/bench.ts, which Node 20 cannot run by itself. */
export async function run(args) {
  process.argv = [process.execPath, 'bench', ...args];
  await runnerImport('./bench/bench.ts', { configFile: false });
  process.exit();
}
