import { expect, type Page, test } from 'playwright/test';
import type * as Webdit from '../packages/webdit/src/index.ts';
import { type FolderServer, serveFolder } from './folder-server.ts';
import { openBlank, webditUrl } from './support.ts';

const weightsBytes = 20_037_192;

interface Load {
  readonly storage: Webdit.StorageInfo;
  readonly notes: readonly string[];
  /** Bytes that the load reported as read. */
  readonly loaded: number;
  readonly ms: number;
  /** The picture's bytes, or the latents without a VAE. */
  readonly picture: string;
}

/** Loads a model and draws. With `blocked`, on the page itself, where storage has been made to fail. */
function loadAndDraw(page: Page, model: string, { blocked = false } = {}): Promise<Load> {
  return page.evaluate(
    async ({ webditUrl, model, blocked }) => {
      const { DiffusionPipeline }: typeof Webdit = await import(webditUrl);
      if (blocked) {
        const refuse = async () => Promise.reject(new DOMException('Blocked by the user.', 'SecurityError'));
        Object.defineProperty(CacheStorage.prototype, 'open', { value: refuse });
      }
      let loaded = 0;
      const started = performance.now();
      const pipe = await DiffusionPipeline.fromPretrained(model, {
        worker: !blocked,
        onProgress: (event) => {
          if (event.status === 'progress_total') loaded = event.loaded;
        },
      });
      const ms = performance.now() - started;
      const outputType = pipe.info.model.imageSize ? 'imageData' : 'latent';
      const { image, latents } = await pipe.generate({ label: 7 }, { seed: 7, numInferenceSteps: 2, outputType });
      const { storage, notes } = pipe.info;
      await pipe.dispose();
      return { storage, notes, loaded, ms, picture: (image?.data ?? latents.data).join() };
    },
    { webditUrl, model, blocked },
  );
}

const emojiDiT = 'models/emoji-dit';
let server: FolderServer;
test.afterEach(() => server.stop());

test('a stored model loads without its weights being asked for, and without a server', async ({ page }) => {
  server = await serveFolder(emojiDiT);
  await openBlank(page);
  const cold = await loadAndDraw(page, server.url);
  expect(cold.storage.state).toBe('stored');
  expect(cold.notes).toEqual([]);
  expect(cold.storage.networkBytes).toBeGreaterThan(weightsBytes);
  // The weights' header is read ahead of the weights.
  expect(cold.storage.storedBytes).toBeLessThanOrEqual(cold.storage.networkBytes);

  server.requests.length = 0;
  await page.reload();
  const warm = await loadAndDraw(page, server.url);
  expect(server.requests).toEqual(['manifest.json']);
  expect(warm).toEqual({ ...cold, ms: warm.ms, storage: { ...cold.storage, networkBytes: 0 } });

  await server.stop();
  await page.reload();
  const offline = await loadAndDraw(page, server.url);
  expect(offline.notes).toEqual([
    expect.stringMatching(/^The network did not give this model, so the copy stored on /),
  ]);
  expect(offline).toEqual({ ...warm, ms: offline.ms, notes: offline.notes });
  await server.start();
  test.info().annotations.push({
    type: 'load',
    description: [cold, warm, offline].map(({ ms }) => `${ms.toFixed(0)} ms`).join(', then from the store '),
  });
});

test('models are stored without a GPU, repaired, listed and deleted; without storage a model loads and says so', async ({
  page,
}) => {
  server = await serveFolder('goldens/dit-original-tiny');
  const model = { url: server.url, bytes: 1_120_600 + 173, files: 2, date: expect.any(Date), whole: true };
  // A page from the server itself: to a stubbed one the browser refuses this machine's addresses.
  await page.goto('/models/emoji-dit/model_index.json');
  const { stored, again, listed, last, facts } = await page.evaluate(
    async ({ webditUrl, model }) => {
      const { storeModel, listStoredModels, storageFacts }: typeof Webdit = await import(webditUrl);
      const progress: Webdit.StoreModelProgress[] = [];
      const stored = await storeModel(model, { onProgress: (event) => progress.push(event) });
      const again = await storeModel(model);
      return { stored, again, listed: await listStoredModels(), last: progress.at(-1), facts: await storageFacts() };
    },
    { webditUrl, model: server.url.slice(0, -1) },
  );
  expect(stored).toEqual(model);
  expect(again).toEqual(stored);
  expect(listed).toEqual([stored]);
  expect(last).toEqual({ loaded: 1_120_600, total: 1_120_600 });
  expect(facts.quota).toBeGreaterThan(2 ** 20);

  const damaged = await page.evaluate(async () => {
    const cache = await caches.open('webdit-models');
    const piece = (await cache.keys()).find(({ url }) => url.includes('model.safetensors') && url.endsWith('/0'));
    const bytes = new Uint8Array((await (await cache.match(piece as Request))?.arrayBuffer()) as ArrayBuffer);
    bytes[bytes.length - 1] = ~(bytes.at(-1) as number);
    await cache.put(piece as Request, new Response(bytes));
    return bytes.length;
  });
  const repaired = await loadAndDraw(page, server.url);
  expect(repaired.notes).toEqual(['A damaged part of the stored copy of model.safetensors was fetched again.']);
  expect(repaired.storage).toMatchObject({ state: 'stored', storedBytes: model.bytes });
  expect(repaired.storage.networkBytes).toBe(damaged);

  const { deleted, left } = await page.evaluate(
    async ({ webditUrl, model }) => {
      const { listStoredModels, deleteStoredModel }: typeof Webdit = await import(webditUrl);
      const deleted = [await deleteStoredModel(model), await deleteStoredModel(model)];
      const cache = await caches.open('webdit-models');
      return { deleted, left: [...(await listStoredModels()), ...(await cache.keys())] };
    },
    { webditUrl, model: server.url },
  );
  expect([deleted, left]).toEqual([[true, false], []]);

  const blocked = await loadAndDraw(page, server.url, { blocked: true });
  expect(blocked.storage).toMatchObject({ state: 'network', storedBytes: 0 });
  expect(blocked.notes).toEqual([
    'The model is not kept on this device, because the browser’s storage cannot be used (SecurityError).',
  ]);
  expect(blocked.picture).toBe(repaired.picture);
});
