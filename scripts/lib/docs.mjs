import { runnerImport } from 'vite';

/** Builds the site of the docs into docs/site. */
export async function run() {
  const { module } = await runnerImport('./docs/generator/build.ts', { configFile: false });
  const { pages, folder } = await module.buildSite();
  process.stdout.write(`${pages} pages in ${folder}\n`);
  process.exit();
}
