import type { ReadStream } from 'node:fs';
import * as fs from 'node:fs';
import { createServer, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { serveFolder } from './serve-folder.ts';

vi.mock('node:fs', async (original) => {
  const real = await original<typeof fs>();
  return { ...real, createReadStream: vi.fn(real.createReadStream) };
});

const megabytes = 64;
let folder: string;
const server = createServer((request, response) =>
  serveFolder(folder)(request, response, () => response.writeHead(405).end()),
);
beforeAll(async () => {
  folder = fs.mkdtempSync(join(tmpdir(), 'webdit-serve-'));
  fs.writeFileSync(join(folder, 'large.bin'), new Uint8Array(megabytes * 2 ** 20));
  fs.writeFileSync(join(folder, 'config.json'), '{}');
  await new Promise<void>((resolve) => server.listen(0, resolve));
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  fs.rmSync(folder, { recursive: true });
});

const request = (path: string) =>
  new Promise<IncomingMessage>((resolve, reject) => {
    const { port } = server.address() as AddressInfo;
    get({ port, path }, resolve).on('error', reject);
  });

it('serves files whole, and nothing outside the folder', async () => {
  const config = await request('/config.json');
  expect(config.headers).toMatchObject({ 'content-type': 'application/json', 'content-length': '2' });
  expect(String(Buffer.concat(await config.toArray()))).toBe('{}');
  for (const path of ['/', '/missing.json', '/..%2f..%2fetc/passwd']) {
    const refused = await request(path);
    expect(refused.statusCode).toBe(404);
    refused.resume();
  }
});

it('closes a file whose reader has left', async () => {
  const response = await request('/large.bin');
  await new Promise((resolve) => response.once('data', resolve));
  const file = vi.mocked(fs.createReadStream).mock.results.at(-1)?.value as ReadStream;
  expect(file.destroyed).toBe(false);
  response.destroy();
  await vi.waitFor(() => expect(file.closed).toBe(true));
  expect(file.bytesRead).toBeLessThan(megabytes * 2 ** 20);
});
