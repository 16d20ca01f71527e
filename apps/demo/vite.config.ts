import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vite';
import { contentSecurityPolicy } from './content-security-policy.ts';
import { pwa } from './pwa.ts';
import { recordedResults } from './recorded-results.ts';
import { serveFolder } from './serve-folder.ts';

const root = fileURLToPath(new URL('.', import.meta.url));
const models = fileURLToPath(new URL('../../models', import.meta.url));
const recorded = (name: string) => fileURLToPath(new URL(`../../bench/results/${name}.json`, import.meta.url));
const recordedFiles = {
  'virtual:recorded-results': recorded('compare-emoji-dit-50-chromium-swiftshader'),
  'virtual:recorded-study': recorded('study-emoji-dit-50-node-lavapipe'),
};

/** Serves the models folder as it is in development, and copies the default model into the built site. */
function serveModels(): Plugin {
  return {
    name: 'serve-models',
    configureServer: ({ middlewares }) => void middlewares.use('/models', serveFolder(models)),
    writeBundle: ({ dir }) =>
      cp(join(models, 'emoji-dit'), join(dir ?? join(root, 'dist'), 'models/emoji-dit'), { recursive: true }),
  };
}

export default defineConfig({
  root,
  // Works on any sub-path, such as a project's GitHub Pages.
  base: './',
  plugins: [serveModels(), recordedResults(recordedFiles), contentSecurityPolicy(), pwa()],
  // The worker imports its VAE runtime lazily, which needs modules.
  worker: { format: 'es' },
  optimizeDeps: {
    // Found only when the pipeline is imported, at the first click; prebundling it then would reload the page.
    include: [
      'webdit > @huggingface/tokenizers',
      'webdit > comlink',
      'webdit > idb-keyval',
      'webdit > @webdit/weights > hash-wasm',
      'webdit > @webdit/weights > pbf',
    ],
    // Finds its .wasm beside itself, which prebundling would break.
    exclude: ['onnxruntime-web'],
  },
  build: { target: 'es2022', outDir: join(root, 'dist') },
});
