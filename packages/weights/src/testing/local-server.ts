import { readdir, readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, relative } from 'node:path';

/** How a `LocalServer` sends one file. */
export interface LocalFile {
  readonly bytes: Uint8Array;
  /** A quoted ETag; none when left out. */
  readonly etag?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One answer of a `LocalServer`. */
export interface LocalAnswer {
  readonly path: string;
  readonly status: number;
  /** The request's Range header. */
  readonly range: string | undefined;
  /** The file's first byte that was sent, and the first one that was not. */
  readonly begin: number;
  readonly end: number;
}

/** An HTTP server on a port of its own, with and without ranges, that can break connections. */
export interface LocalServer {
  /** With a slash at the end. */
  readonly url: string;
  /** By path. */
  readonly files: Map<string, LocalFile>;
  /** Every answer, in order. */
  readonly log: LocalAnswer[];
  /** Whether ranges are answered; else every answer is whole. */
  ranges: boolean;
  /** Offsets in files at which connections break, each once; the first one first. */
  cuts: number[];
  /** Answers before any file is looked for, if it returns true. */
  intercept: (path: string, response: ServerResponse) => boolean | Promise<boolean>;
  /** Stops, with all connections. Starting again takes the same port. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** Puts every file of a folder on a server, under one ETag. */
export async function serveFolder(server: LocalServer, folder: string): Promise<void> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    server.files.set(relative(folder, path), { bytes: await readFile(path), etag: '"1"' });
  }
}

/** @param headers sent with every answer. */
export async function startLocalServer(headers: Readonly<Record<string, string>> = {}): Promise<LocalServer> {
  const http = createServer((request, response) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    void answer(server, request, response);
  });
  const listen = (port: number) => new Promise<void>((resolve) => http.listen(port, '127.0.0.1', resolve));
  await listen(0);
  const { port } = http.address() as AddressInfo;
  const server: LocalServer = {
    url: `http://127.0.0.1:${port}/`,
    files: new Map(),
    log: [],
    ranges: true,
    cuts: [],
    intercept: () => false,
    start: () => listen(port),
    stop: () =>
      new Promise((resolve) => {
        http.close(() => resolve());
        http.closeAllConnections();
      }),
  };
  return server;
}

async function answer(server: LocalServer, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = decodeURIComponent(new URL(request.url ?? '/', server.url).pathname.slice(1));
  const { range } = request.headers;
  const log = (status: number, begin: number, end: number) => server.log.push({ path, status, range, begin, end });
  if (await server.intercept(path, response)) return void log(response.statusCode, 0, 0);
  const file = server.files.get(path);
  if (!file) {
    log(404, 0, 0);
    response.writeHead(404).end();
    return;
  }
  const total = file.bytes.length;
  const [, first = 0, last] = (server.ranges && /^bytes=(\d+)-(\d*)$/.exec(range ?? '')) || [];
  const begin = Number(first);
  const end = last ? Math.min(Number(last) + 1, total) : total;
  for (const [name, value] of Object.entries({ ...(file.etag ? { etag: file.etag } : {}), ...file.headers })) {
    response.setHeader(name, value);
  }
  if (begin > 0 && begin >= total) {
    log(416, 0, 0);
    response.writeHead(416, { 'content-range': `bytes */${total}` }).end();
    return;
  }
  const status = begin > 0 ? 206 : 200;
  if (begin > 0) response.setHeader('content-range', `bytes ${begin}-${end - 1}/${total}`);
  response.writeHead(status, { 'content-length': end - begin });
  const [cut] = server.cuts;
  if (cut === undefined || cut <= begin || cut >= end) {
    log(status, begin, end);
    response.end(file.bytes.subarray(begin, end));
    return;
  }
  server.cuts.shift();
  log(status, begin, cut);
  // What was written reaches the other side before the connection ends without the rest.
  response.write(file.bytes.subarray(begin, cut), () => response.socket?.destroySoon());
}
