import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { violationListener } from './fixture.ts';

/** The built demo. */
export const dist = fileURLToPath(new URL('../apps/demo/dist/', import.meta.url));

export interface Sent {
  readonly path: string;
  readonly bytes: number;
}

const mediaTypes: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.wasm': 'application/wasm',
};

/**
 * The built demo on a host that knows nothing of it but its files: below a sub-path, without headers of its own. It can be
 * stopped and started again on the same port, with the next version of the app.
 */
export class StaticSite {
  /** What was sent, in order. */
  readonly log: Sent[] = [];
  /** What happens to one file: `fails` is an error of the server, `stalls` half of it and then nothing. */
  trouble: { readonly path: RegExp; readonly kind: 'fails' | 'stalls' } | null = null;
  private server: Server | null = null;
  private port = 0;
  private readonly files = listFiles('');
  private generation = 0;

  constructor(private readonly prefix: string) {}

  get url(): string {
    return `http://localhost:${this.port}${this.prefix}`;
  }

  async start(): Promise<void> {
    this.server = createServer((request, response) => this.answer(request.url ?? '', response));
    await new Promise<void>((resolve) => this.server?.listen(this.port, 'localhost', resolve));
    this.port = (this.server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    const { server } = this;
    this.server = null;
    if (!server) return;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }

  /** From now on another version: every file with a hash in its name has another name, and so have all who mention it. */
  release(): void {
    this.generation++;
  }

  /** What was sent since the last call. */
  sent(): readonly Sent[] {
    return this.log.splice(0);
  }

  private answer(url: string, response: ServerResponse): void {
    const { pathname } = new URL(url, 'http://host');
    const path = pathname.startsWith(this.prefix) ? pathname.slice(this.prefix.length) || 'index.html' : null;
    const file = this.files.find((name) => this.rename(name) === path);
    if (path === null || file === undefined) {
      response.writeHead(404).end();
      return;
    }
    const trouble = this.trouble?.path.test(path) ? this.trouble.kind : null;
    if (trouble === 'fails') {
      response.writeHead(503).end();
      return;
    }
    const body = this.read(file);
    this.log.push({ path, bytes: body.length });
    const headers = {
      'Content-Type': mediaTypes[extname(file)] ?? 'application/octet-stream',
      'Content-Length': body.length,
      // Nothing comes from the browser's own cache: what is not asked for here lies in the app's.
      'Cache-Control': 'no-store',
    };
    response.writeHead(200, headers);
    if (trouble === 'stalls') response.write(body.subarray(0, body.length / 2));
    else response.end(body);
  }

  private read(file: string): Buffer {
    const content = readFileSync(join(dist, file));
    const isText = ['.html', '.js', '.css'].includes(extname(file));
    if (!isText) return content;
    let text = content.toString();
    if (this.generation > 0) {
      for (const name of this.files) {
        const base = name.slice(name.lastIndexOf('/') + 1);
        if (hashed.test(base)) text = text.replaceAll(base, this.rename(base));
      }
      if (file === 'sw.js') text = text.replace(/"revision":"/g, `$&${this.generation}`);
    }
    return Buffer.from(/\/worker-[^/]*\.js$/.test(file) ? `${violationListener}\n${text}` : text);
  }

  private rename(name: string): string {
    return this.generation > 0 ? name.replace(hashed, `-v${this.generation}$1`) : name;
  }
}

/** The hash that the build puts into a name. */
const hashed = /-([\w-]{8}\.(?:js|css|svg|wasm))$/;

function listFiles(folder: string): string[] {
  return readdirSync(join(dist, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}${entry.name}`;
    return entry.isDirectory() ? listFiles(`${path}/`) : [path];
  });
}
