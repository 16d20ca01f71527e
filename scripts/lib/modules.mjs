import { dirname, join } from 'node:path';
import { build } from 'vite';
import { root } from './paths.mjs';
import { entriesOf, installedWith } from './published.mjs';

/**
 * Builds a package's entries for bundlers: a file for each source file, so that tree shaking leaves out what is not used, with
 * the workspace's private packages as folders and everything the manifest names as dependencies left to be installed.
 * @param {string} name folder under packages
 * @param {string} outDir
 */
export async function buildModules(name, outDir) {
  const source = join(root, 'packages', name, 'src');
  await build({
    configFile: false,
    root: join(root, 'packages', name),
    logLevel: 'warn',
    // Nothing but modules: no assets, no preloading, and `new Worker(new URL(…))` stays what the users' bundlers recognise.
    ssr: { target: 'webworker', noExternal: true },
    plugins: [workerFile],
    build: {
      ssr: true,
      outDir,
      emptyOutDir: false,
      target: 'es2022',
      minify: false,
      // Of what is not left to be installed: the hub's client, which not every bundler takes for browsers.
      license: { fileName: 'LICENSES.md' },
      rolldownOptions: {
        checks: { pluginTimings: false },
        input: entriesOf(name),
        external: installedWith(name),
        // Constants that are inlined leave imports of nothing behind.
        optimization: { inlineConst: false },
        output: {
          preserveModules: true,
          preserveModulesRoot: root,
          entryFileNames: ({ facadeModuleId, name: entry }) => fileOf(facadeModuleId ?? entry, source),
        },
      },
    },
  });
}

/** The worker's file is JavaScript once it is built. */
const workerFile = {
  name: 'worker-file',
  enforce: 'pre',
  transform: {
    filter: { id: /start-worker\.ts$/ },
    handler: (code) =>
      code.replace("new URL('./worker.ts', import.meta.url)", "new URL('./worker.js', import.meta.url)"),
  },
};

function fileOf(module, source) {
  const path = module
    .replace(`${source}/`, '')
    .replace(`${dirname(source)}/`, '')
    .replace(`${root}/`, '')
    .replace(/^packages\/([^/]+)\/src\//, '$1/')
    .replace(/^.*\/node_modules\//, 'vendor/');
  return `${path.replace(/\?raw$/, '').replace(/\.(ts|m?js)$/, '')}.js`;
}
