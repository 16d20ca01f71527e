import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CDPSession, expect, type Page, test } from 'playwright/test';
import type * as Webdit from '../packages/webdit/src/index.ts';
import { synth256MiB, writeSynthFolder } from '../packages/weights/src/testing/index.ts';
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

interface HeapUsage {
  readonly usedSize: number;
  readonly backingStorageSize: number;
}

interface HeapWatch {
  /** The peak since the last call. */
  take(): { readonly peak: number; readonly samples: number };
  stop(): void;
}

/** Samples the JS heap and the array buffers of the page's workers every 20 ms from their first moment on. */
async function watchWorkerHeap(page: CDPSession): Promise<HeapWatch> {
  let peak = 0;
  let samples = 0;
  let id = 0;
  const timers = new Set<NodeJS.Timeout>();
  page.on('Target.attachedToTarget', ({ sessionId, targetInfo }) => {
    if (targetInfo.type !== 'worker') return;
    const timer = setInterval(() => {
      const message = JSON.stringify({ id: ++id, method: 'Runtime.getHeapUsage' });
      // The worker is gone at the end; its last sample has nobody to answer it.
      page.send('Target.sendMessageToTarget', { sessionId, message }).catch(() => clearInterval(timer));
    }, 20);
    timers.add(timer);
  });
  page.on('Target.receivedMessageFromTarget', ({ message }) => {
    const { result } = JSON.parse(message) as { result?: HeapUsage };
    if (!result) return;
    samples++;
    peak = Math.max(peak, result.usedSize + result.backingStorageSize);
  });
  await page.send('Target.setAutoAttach', { autoAttach: true, waitForDebuggerOnStart: false, flatten: false });
  return {
    take() {
      const taken = { peak, samples };
      peak = 0;
      samples = 0;
      return taken;
    },
    stop() {
      for (const timer of timers) clearInterval(timer);
    },
  };
}
