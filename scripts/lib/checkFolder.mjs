import { runnerImport } from 'vite';

/** Runs testing/write-check-folder.ts, which Node 20 cannot run by itself. */
export async function run() {
  await runnerImport('./testing/write-check-folder.ts', { configFile: false });
}
