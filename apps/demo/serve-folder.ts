import { createReadStream, statSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Connect } from 'vite';

const mediaTypes: Record<string, string> = { '.json': 'application/json', '.md': 'text/plain; charset=utf-8' };

/** Serves the files of a folder as they are, and 404 for all else, where Vite would answer with the start page. */
export function serveFolder(folder: string): Connect.NextHandleFunction {
  return (request, response, next) => {
    const path = join(folder, decodeURIComponent(new URL(request.url ?? '/', 'http://host').pathname));
    const inside = !relative(folder, path).split(sep).includes('..');
    const stats = inside ? statSync(path, { throwIfNoEntry: false }) : undefined;
    if (!stats?.isFile()) {
      response.statusCode = 404;
      response.end();
      return;
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') return next();
    response.setHeader('Content-Type', mediaTypes[extname(path)] ?? 'application/octet-stream');
    response.setHeader('Content-Length', stats.size);
    response.setHeader('Cache-Control', 'no-cache');
    if (request.method === 'HEAD') response.end();
    // An aborted load ends the response early, which closes the file too; nobody is left to be told of it.
    else pipeline(createReadStream(path), response).catch(() => {});
  };
}
