import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { type LocalServer, startLocalServer } from './local-server.ts';

export const hubCommit = '0123456789abcdef0123456789abcdef01234567';

/** A hub with one model, `owner/name`, of one commit; files of 1 kB and more are large ones. */
export interface FakeHub {
  readonly server: LocalServer;
  /** Without a slash at its end, as the library wants it. */
  readonly url: string;
  /** Paths of files that were asked for, since the list was last emptied. */
  readonly asked: string[];
  /** How the model may be read. `gated`: listed to all, given to those with a token. */
  access: 'public' | 'gated' | 'private';
  /** Another host that has the second page of listings and the content of large files; the hub then points there. */
  elsewhere: LocalServer | null;
  /** Sends this for a large file's content. */
  replace(path: string, bytes: Uint8Array): void;
}

/** @param folder what the repository holds. */
export async function startFakeHub(folder: string): Promise<FakeHub> {
  const server = await startLocalServer();
  const asked: string[] = [];
  const listing: object[] = [];
  const prefix = `owner/name/resolve/${hubCommit}/`;
  for (const path of await filesOf(folder)) {
    const bytes = await readFile(join(folder, path));
    const oid = createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const lfs = bytes.length < 1000 ? {} : { lfs: { oid: sha256, size: bytes.length, pointerSize: 134 } };
    listing.push({ type: 'file', path, size: bytes.length, oid, ...lfs });
    server.files.set(prefix + path, { bytes, etag: `"${sha256}"` });
  }
  const hub: FakeHub = {
    server,
    url: server.url.slice(0, -1),
    asked,
    access: 'public',
    elsewhere: null,
    replace: (path, bytes) => server.files.set(prefix + path, { bytes, etag: '"other"' }),
  };
  const json = (response: ServerResponse, status: number, body: unknown) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    return true;
  };
  server.intercept = (path, response) => {
    const { url = '', headers } = response.req;
    const mayRead = hub.access === 'public' || headers.authorization === 'Bearer hf_right';
    if (path.startsWith(prefix)) {
      asked.push(path.slice(prefix.length));
      if (!mayRead) return json(response, 401, { error: 'Access to model owner/name is restricted.' });
      const file = server.files.get(path);
      if (!hub.elsewhere || !file || file.bytes.length < 1000) return false;
      hub.elsewhere.files.set(path, file);
      response.writeHead(302, { location: hub.elsewhere.url + path }).end();
      return true;
    }
    if (!path.startsWith('api/models/')) return false;
    if (hub.access === 'private' && !mayRead) return json(response, 401, { error: 'Repository not found' });
    if (path === 'api/models/owner/name/revision/main') return json(response, 200, { sha: hubCommit });
    const [, inside] = new RegExp(`^api/models/owner/name/tree/${hubCommit}(?:/(.*))?$`).exec(path) ?? [];
    if (!path.startsWith(`api/models/owner/name/tree/${hubCommit}`)) return json(response, 404, { error: 'not found' });
    const within = listing.filter((entry) => (entry as { path: string }).path.startsWith(inside ? `${inside}/` : ''));
    // In two pages.
    const half = Math.ceil(within.length / 2);
    if (url.includes('cursor=2')) return json(response, 200, within.slice(half));
    hub.elsewhere?.files.set('tree', { bytes: new TextEncoder().encode(JSON.stringify(within.slice(half))) });
    const next = hub.elsewhere ? `${hub.elsewhere.url}tree` : `${hub.url}${url}&cursor=2`;
    response.setHeader('Link', `<${next}>; rel="next"`);
    return json(response, 200, within.slice(0, half));
  };
  return hub;
}

async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}
