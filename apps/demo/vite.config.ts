import { createReadStream, statSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Connect, defineConfig, type Plugin } from 'vite';

const root = fileURLToPath(new URL('.', import.meta.url));
const models = fileURLToPath(new URL('../../models', import.meta.url));

const mediaTypes: Record<string, string> = { '.json': 'application/json', '.md': 'text/plain; charset=utf-8' };

/** Serves the models folder as it is in development, and copies the default model into the built site. */
function serveModels(): Plugin {
  const handler: Connect.NextHandleFunction = (request, response, next) => {
    const path = join(models, decodeURIComponent(new URL(request.url ?? '/', 'http://host').pathname));
    const inside = !relative(models, path).split(sep).includes('..');
    const stats = inside ? statSync(path, { throwIfNoEntry: false }) : undefined;
    if (!stats?.isFile()) {
      // Vite would answer with the start page.
      response.statusCode = 404;
      response.end();
      return;
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') return next();
    response.setHeader('Content-Type', mediaTypes[extname(path)] ?? 'application/octet-stream');
    response.setHeader('Content-Length', stats.size);
    response.setHeader('Cache-Control', 'no-cache');
    if (request.method === 'HEAD') response.end();
    else createReadStream(path).pipe(response);
  };
  return {
    name: 'serve-models',
    configureServer: ({ middlewares }) => void middlewares.use('/models', handler),
    writeBundle: ({ dir }) =>
      cp(join(models, 'emoji-dit'), join(dir ?? join(root, 'dist'), 'models/emoji-dit'), {
        recursive: true,
        // The page decodes only.
        filter: (path) => !path.endsWith('encoder.onnx'),
      }),
  };
}

export default defineConfig({
  root,
  // Works on any sub-path, such as a project's GitHub Pages.
  base: './',
  plugins: [serveModels()],
  // The worker imports its VAE runtime lazily, which needs modules.
  worker: { format: 'es' },
  optimizeDeps: {
    // Found only when the pipeline is imported, at the first click; prebundling it then would reload the page.
    include: ['webdit > comlink'],
    // Finds its .wasm beside itself, which prebundling would break.
    exclude: ['onnxruntime-web'],
  },
  build: { target: 'es2022', outDir: join(root, 'dist') },
});
