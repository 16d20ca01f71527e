import { runnerImport } from 'vite';

/** Paints the pictures of the cache policies for the docs, on lavapipe. Takes some minutes. */
export async function run() {
  await runnerImport('./docs/generator/paint-pictures.ts', { configFile: false });
  process.exit();
}
