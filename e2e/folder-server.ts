import { createReadStream, statSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, normalize } from 'node:path';

export interface FolderServer {
  /** Address of the folder, with a closing slash. */
  readonly url: string;
  /** Paths that were asked for, since the list was last emptied. */
  readonly requests: string[];
  /** Stops, with all connections. Starting again takes the same port. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

/**
 * Serves a folder from a port of its own, so from another origin than the page's: as it is on disk, where a stubbed route would
 * hold files in memory, and with a log of its own.
 */
export async function serveFolder(folder: string): Promise<FolderServer> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const path = pathOf(request);
    requests.push(path);
    const file = join(folder, path);
    const stats = statSync(file, { throwIfNoEntry: false });
    response.setHeader('Access-Control-Allow-Origin', '*');
    if (!stats?.isFile()) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, {
      'Content-Length': stats.size,
      'Content-Type': 'application/octet-stream',
      'Last-Modified': stats.mtime.toUTCString(),
    });
    const stream = createReadStream(file).on('error', () => response.destroy());
    response.on('close', () => stream.destroy());
    stream.pipe(response);
  });
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, resolve));
  await listen(0);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://localhost:${port}/`,
    requests,
    start: () => listen(port),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function pathOf(request: IncomingMessage): string {
  return normalize(new URL(request.url ?? '/', 'http://host').pathname).slice(1);
}
