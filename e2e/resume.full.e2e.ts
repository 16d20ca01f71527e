import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, type Page, test } from 'playwright/test';
import { allBlocks } from '../docs/blocks/extract.ts';
import { headersIn } from '../docs/blocks/headers.ts';
import type * as Webdit from '../packages/webdit/src/index.ts';
import { type LocalServer, startLocalServer } from '../packages/weights/src/testing/index.ts';
import { webditUrl } from './support.ts';

/** Downloads that break off, from a server of another origin that sends what the docs say. */
const block = allBlocks().find(({ about }) => about === 'a server of models for other origins');
const headers = block ? headersIn(block) : {};

let server: LocalServer;
test.beforeEach(async ({ page }) => {
  server = await startLocalServer(headers);
  // A page from the server itself: to a stubbed one the browser refuses this machine's addresses.
  await page.goto('/models/emoji-dit/model_index.json');
});
test.afterEach(() => server.stop());

function serve(folder: string, etag?: string): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    if (!entry.isFile()) continue;
    server.files.set(file.slice(folder.length + 1), { bytes: readFileSync(file), ...(etag ? { etag } : {}) });
  }
}

/** Stores the model, or leaves it once so many bytes have come: then null. */
function store(page: Page, { leaveAt = Number.POSITIVE_INFINITY, opfs = false } = {}) {
  return page.evaluate(
    async ({ webditUrl, url, leaveAt, opfs }) => {
      const { storeModel, opfsBackend }: typeof Webdit = await import(webditUrl);
      const root = opfs ? await navigator.storage.getDirectory() : null;
      const leaving = new AbortController();
      const stored = storeModel(url, {
        signal: leaving.signal,
        onProgress: ({ loaded }) => {
          if (loaded >= leaveAt) leaving.abort('left');
        },
        ...(root ? { store: opfsBackend(await root.getDirectoryHandle('models', { create: true })) } : {}),
      });
      return stored.catch((error) => {
        if (error === 'left') return null;
        throw error;
      });
    },
    { webditUrl, url: server.url, leaveAt, opfs },
  );
}

test('a server that does not let the page read its files is refused with its reason, and nothing is stored', async ({
  page,
}) => {
  await server.stop();
  server = await startLocalServer();
  serve('goldens/dit-original-tiny');
  const told = await page.evaluate(
    async ({ webditUrl, url }) => {
      const { storeModel, listStoredModels }: typeof Webdit = await import(webditUrl);
      const { code, message, remedy } = await storeModel(url).catch((error) => error);
      return { code, message, remedy, stored: await listStoredModels() };
    },
    { webditUrl, url: server.url },
  );
  expect(told).toEqual({
    code: 'network',
    message: `${server.url}model_index.json could not be reached.`,
    remedy: 'Check the address and the connection, and that the server allows this page to read it (CORS).',
    stored: [],
  });
});

/** Answers that sent something of a file. */
const answersOf = (path: string) => server.log.filter((answer) => answer.path === path && answer.end > 0);

test('a download cut ten times goes on, also on another day; then nothing is fetched, and no server is needed', async ({
  page,
}) => {
  serve('models/emoji-dit');
  const weights = 'transformer/diffusion_pytorch_model.safetensors';
  const size = server.files.get(weights)?.bytes.length ?? 0;
  const cutAt = (tenth: number) => Math.floor(((tenth + 0.5) * size) / 10);
  // The first answer is read for its header alone.
  server.cuts = [cutAt(0), ...[0, 1, 2, 3, 4, 5].map(cutAt)];
  expect(await store(page, { leaveAt: 0.6 * size })).toBeNull();
  const before = answersOf(weights);
  expect(before.filter(({ end }) => end < size).length).toBeGreaterThanOrEqual(6);

  server.log.length = 0;
  server.cuts = [6, 7, 8, 9].map(cutAt);
  await page.reload();
  expect(await store(page)).toMatchObject({ url: server.url, whole: true });
  const after = answersOf(weights);
  expect(after.map(({ status, end }) => [status, end])).toEqual([6, 7, 8, 9, 9.5].map((n) => [206, cutAt(n)]));
  // Of what the first page had stored nothing was sent again, and at each cut less than a piece.
  const piece = 4 * 2 ** 20;
  expect(after[0]?.begin).toBeGreaterThanOrEqual(2 * piece);
  for (const [i, { begin }] of after.slice(1).entries()) expect((after[i]?.end ?? 0) - begin).toBeLessThan(piece);
  for (const [i, { begin }] of before.slice(2).entries()) {
    expect((before[i + 1]?.end ?? 0) - begin).toBeLessThan(piece);
  }

  server.log.length = 0;
  await page.reload();
  expect(await store(page)).toMatchObject({ whole: true });
  expect(server.log.filter(({ end }) => end > 0).map(({ path }) => path)).toEqual(['manifest.json']);

  await server.stop();
  await page.reload();
  const { state, networkBytes } = await page.evaluate(
    async ({ webditUrl, url }) => {
      const { DiffusionPipeline }: typeof Webdit = await import(webditUrl);
      const pipe = await DiffusionPipeline.fromPretrained(url, { tune: 'never', vaeBackend: 'wasm' });
      const { storage } = pipe.info;
      await pipe.dispose();
      return storage;
    },
    { webditUrl, url: server.url },
  );
  expect([state, networkBytes]).toEqual(['stored', 0]);
  await server.start();
});

test('an ETag that other origins may read does for a manifest, and a directory for the Cache API, also from the worker', async ({
  page,
}) => {
  serve('goldens/dit-original-tiny', '"1"');
  const size = server.files.get('model.safetensors')?.bytes.length ?? 0;
  server.cuts = [0.1, 0.3, 0.6, 0.9].map((part) => Math.floor(part * size));
  expect(await store(page, { opfs: true })).toMatchObject({ files: 2, whole: true });
  // A browser that keeps answers of its own asks for one byte before it goes on from them.
  const own = answersOf('model.safetensors').filter(({ begin, end }) => end - begin > 1);
  expect(own.map(({ end }) => end)).toEqual([...[0.1, 0.3, 0.6, 0.9].map((part) => Math.floor(part * size)), size]);
  expect(answersOf('model.safetensors').at(-1)).toMatchObject({ status: 206 });

  await server.stop();
  const told = await page.evaluate(
    async ({ webditUrl, url }) => {
      const { DiffusionPipeline, listStoredModels, opfsBackend }: typeof Webdit = await import(webditUrl);
      const root = await navigator.storage.getDirectory();
      const store = opfsBackend(await root.getDirectoryHandle('models', { create: true }));
      const pipe = await DiffusionPipeline.fromPretrained(url, { tune: 'never', store });
      const { thread, storage } = pipe.info;
      await pipe.dispose();
      return { thread, storage, own: await listStoredModels({ store }), others: await listStoredModels() };
    },
    { webditUrl, url: server.url },
  );
  expect(told).toMatchObject({
    thread: 'worker',
    storage: { state: 'stored', networkBytes: 0 },
    own: [{ url: server.url, whole: true }],
    others: [],
  });
  await server.start();
});
