import { createReadStream, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { createServer, type Plugin, type ViteDevServer } from 'vite';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Where the page finds the model for onnxruntime-web. */
export const onnxPath = '/peer.onnx';

/** Headers without which a page has no shared memory, and wasm no threads. */
const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

export interface ServeOptions {
  /** Cross-origin isolated, as wasm threads need it. */
  readonly isolated?: boolean;
  /** File to serve as `onnxPath`. */
  readonly onnx?: string | undefined;
}

/** The demo's development server, which has the library's sources and the models, with the bench page at `/bench/`. */
export async function serve({ isolated = false, onnx }: ServeOptions = {}): Promise<ViteDevServer> {
  const server = await createServer({
    root: here('../apps/demo'),
    // Not the demo's own, whose server may be running: its plugins differ.
    cacheDir: here('node_modules/.vite'),
    // An edit of a source file must not reload the page in the middle of a measurement.
    server: { hmr: false, watch: null, ...(isolated ? { headers: isolation } : {}) },
    plugins: [benchPage(onnx)],
    logLevel: 'warn',
  });
  await server.listen();
  return server;
}

export function baseUrl(server: ViteDevServer): string {
  const url = server.resolvedUrls?.local[0];
  if (!url) throw new Error('The development server has no local address.');
  return url;
}

function benchPage(onnx: string | undefined): Plugin {
  return {
    name: 'bench-page',
    configureServer({ middlewares }) {
      middlewares.use('/bench/', (request, response, next) => {
        if (request.url !== '/') return next();
        readFile(here('page.html'), 'utf8')
          .then((html) => {
            response.setHeader('Content-Type', 'text/html; charset=utf-8');
            for (const [name, value] of Object.entries(isolation)) response.setHeader(name, value);
            response.end(html.replace('./page.ts', `/@fs${here('page.ts')}`));
          })
          .catch(next);
      });
      middlewares.use(onnxPath, (_, response) => {
        const stats = onnx === undefined ? undefined : statSync(onnx, { throwIfNoEntry: false });
        if (onnx === undefined || !stats) {
          response.statusCode = 404;
          response.end();
          return;
        }
        response.setHeader('Content-Type', 'application/octet-stream');
        response.setHeader('Content-Length', stats.size);
        createReadStream(onnx).pipe(response);
      });
    },
  };
}
