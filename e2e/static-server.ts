import { createReadStream, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, relative, sep } from 'node:path';

const mediaTypes: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
};

export interface StaticServer {
  /** Without a slash at the end. */
  readonly url: string;
  close(): Promise<void>;
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

type Headers = Readonly<Record<string, string>>;

/**
 * Serves a folder as the simplest of hosts does: no cross-origin isolation, no ranges.
 * @param headers what comes with a file besides, by its path.
 */
export async function serveStatic(
  folder: string,
  headers: (path: string) => Headers = () => ({}),
): Promise<StaticServer> {
  const server = createServer((request, response) => answer(folder, headers, request, response));
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  const { port } = server.address() as AddressInfo;
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://localhost:${port}`, close };
}

function answer(
  folder: string,
  headers: (path: string) => Headers,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  // Browsers ask for it by themselves.
  if (request.url === '/favicon.ico') {
    response.writeHead(204).end();
    return;
  }
  const path = join(folder, decodeURIComponent(new URL(request.url ?? '/', 'http://host').pathname));
  const inside = !relative(folder, path).split(sep).includes('..');
  const stats = inside ? statSync(path, { throwIfNoEntry: false }) : undefined;
  if (!stats?.isFile()) {
    response.writeHead(404).end();
    return;
  }
  const type = mediaTypes[extname(path)] ?? 'application/octet-stream';
  response.writeHead(200, { ...headers(path), 'Content-Type': type, 'Content-Length': stats.size });
  createReadStream(path).pipe(response);
}
