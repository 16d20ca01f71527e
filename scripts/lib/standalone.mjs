import { join } from 'node:path';
import { build } from 'vite';
import { root } from './paths.mjs';

/** The script of each package, and the source file of which it is made. */
const scripts = {
  webdit: { file: 'webdit', source: 'src/index.ts' },
  element: { file: 'web-dit', source: 'src/bundle.ts' },
};

/**
 * Builds a package for pages without a bundler: one file for a script tag, and beside it, found by its address, what is loaded
 * on demand: `worker.js`, which needs no other file to start; onnxruntime-web's files; the engine once more, for browsers that
 * offer WebGPU to pages only; the licences of all of it.
 * @param {string} name folder under packages
 * @param {string} outDir
 */
export async function buildStandalone(name, outDir) {
  const { file, source } = scripts[name];
  const entry = join(root, 'packages', name, source);
  const names = { chunkFileNames: '[name].js', assetFileNames: '[name][extname]' };
  await build({
    configFile: false,
    root: join(root, 'packages', name),
    base: './',
    publicDir: false,
    logLevel: 'warn',
    plugins: [libraryAtOnce],
    worker: {
      format: 'es',
      rolldownOptions: {
        checks: { pluginTimings: false },
        output: {
          ...names,
          entryFileNames: 'worker.js',
          chunkFileNames: 'worker-[name].js',
          codeSplitting: inOneFile('worker', join(root, 'packages/webdit/src/worker.ts')),
        },
      },
    },
    build: {
      outDir,
      emptyOutDir: false,
      target: 'es2022',
      modulePreload: false,
      assetsInlineLimit: 0,
      license: { fileName: 'LICENSES.md' },
      rolldownOptions: {
        checks: { pluginTimings: false },
        input: { [file]: entry },
        // What the lazy parts share with the entry stays in it, under short names of its own.
        preserveEntrySignatures: 'allow-extension',
        output: { ...names, entryFileNames: '[name].js', codeSplitting: inOneFile(file, entry) },
      },
    },
  });
}

/** The element imports the library on demand where bundlers make two files of them; here both are in one. */
const libraryAtOnce = {
  name: 'library-at-once',
  enforce: 'pre',
  transform: {
    filter: { code: "await import('webdit')" },
    handler: (code) => `import * as library from 'webdit';\n${code.replaceAll("await import('webdit')", 'library')}`,
  },
};

/** Puts all that an entry needs at once into its own file; what is imported on demand is split as usual. */
function inOneFile(name, entry) {
  let needed;
  return {
    groups: [
      {
        debugName: name,
        name: (id, graph) => {
          needed ??= importedBy(entry, graph);
          return needed.has(id) ? name : null;
        },
      },
    ],
  };
}

function importedBy(entry, graph) {
  const found = new Set([entry]);
  for (const id of found) for (const imported of graph.getModuleInfo(id)?.importedIds ?? []) found.add(imported);
  return found;
}
