import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, type Page, test } from 'playwright/test';
import type * as Webdit from '../packages/webdit/src/index.ts';
import { synth256MiB, writeSynthFolder } from '../packages/weights/src/testing/index.ts';
import { watchWorkerHeap } from '../testing/worker-heap.ts';
import { serveFolder } from './folder-server.ts';
import { openBlank, webditUrl } from './support.ts';

const mebibyte = 2 ** 20;

test('loading 256 MiB of weights keeps the worker’s heap small', async ({ page }) => {
  const folder = await mkdtemp(join(tmpdir(), 'webdit-heap-'));
  const { weightsBytes, largestTensorBytes } = await writeSynthFolder(folder, synth256MiB);
  const server = await serveFolder(folder);
  try {
    await openBlank(page);
    const session = await page.context().newCDPSession(page);
    const heap = await watchWorkerHeap(session);
    const limit = 2 * largestTensorBytes + 16 * mebibyte;
    expect(weightsBytes).toBeGreaterThan(255 * mebibyte);
    // From the network into the store and onto the GPU; then from the store; then from the network alone.
    for (const [store, networkBytes] of [
      ['auto', weightsBytes],
      ['auto', 0],
      ['none', weightsBytes],
    ] as const) {
      const loaded = await load(page, server.url, store);
      const { peak, samples } = heap.take();
      test.info().annotations.push({
        type: 'heap',
        description: `peak ${(peak / mebibyte).toFixed(1)} MiB of ${(limit / mebibyte).toFixed(1)} MiB, ${samples} samples, ${loaded.ms.toFixed(0)} ms`,
      });
      expect(loaded.thread).toBe('worker');
      expect(loaded.storage.state).toBe(store === 'auto' ? 'stored' : 'network');
      expect(loaded.storage.networkBytes).toBeGreaterThanOrEqual(networkBytes);
      expect(loaded.storage.networkBytes).toBeLessThan(networkBytes + 2 * mebibyte);
      expect(loaded.gpuBytes).toBeGreaterThan(255 * mebibyte);
      // A peak that nobody looked for is no peak.
      expect(samples).toBeGreaterThan(20);
      expect(peak).toBeGreaterThan(mebibyte);
      expect(peak).toBeLessThan(limit);
    }
    heap.stop();
  } finally {
    await server.stop();
    await rm(folder, { recursive: true });
  }
});

function load(page: Page, model: string, store: 'auto' | 'none') {
  return page.evaluate(
    async ({ webditUrl, model, store }) => {
      const { DiffusionPipeline }: typeof Webdit = await import(webditUrl);
      const started = performance.now();
      const pipe = await DiffusionPipeline.fromPretrained(model, { store });
      const ms = performance.now() - started;
      const { thread, gpuBytes, storage } = pipe.info;
      await pipe.dispose();
      return { thread, gpuBytes, storage, ms };
    },
    { webditUrl, model, store },
  );
}
