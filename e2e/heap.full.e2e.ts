import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CDPSession, expect, test } from 'playwright/test';
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
    const loaded = await page.evaluate(
      async ({ webditUrl, model }) => {
        const { DiffusionPipeline }: typeof Webdit = await import(webditUrl);
        const pipe = await DiffusionPipeline.fromPretrained(model);
        const { thread, gpuBytes } = pipe.info;
        await pipe.dispose();
        return { thread, gpuBytes };
      },
      { webditUrl, model: server.url },
    );
    const { peak, samples } = heap.stop();
    const limit = 2 * largestTensorBytes + 16 * mebibyte;
    test.info().annotations.push({
      type: 'heap',
      description: `peak ${(peak / mebibyte).toFixed(1)} MiB of ${(limit / mebibyte).toFixed(1)} MiB, ${samples} samples`,
    });
    expect(weightsBytes).toBeGreaterThan(255 * mebibyte);
    expect(loaded.thread).toBe('worker');
    expect(loaded.gpuBytes).toBeGreaterThan(255 * mebibyte);
    // A peak that nobody looked for is no peak.
    expect(samples).toBeGreaterThan(20);
    expect(peak).toBeGreaterThan(mebibyte);
    expect(peak).toBeLessThan(limit);
  } finally {
    await server.stop();
    await rm(folder, { recursive: true });
  }
});

interface HeapUsage {
  readonly usedSize: number;
  readonly backingStorageSize: number;
}

/** Samples the JS heap and the array buffers of the page's worker every 20 ms from its first moment on. */
async function watchWorkerHeap(page: CDPSession): Promise<{ stop: () => { peak: number; samples: number } }> {
  let peak = 0;
  let samples = 0;
  let id = 0;
  let timer: NodeJS.Timeout | undefined;
  page.on('Target.attachedToTarget', ({ sessionId, targetInfo }) => {
    if (targetInfo.type !== 'worker') return;
    timer = setInterval(() => {
      const message = JSON.stringify({ id: ++id, method: 'Runtime.getHeapUsage' });
      // The worker is gone at the end; its last sample has nobody to answer it.
      page.send('Target.sendMessageToTarget', { sessionId, message }).catch(() => clearInterval(timer));
    }, 20);
  });
  page.on('Target.receivedMessageFromTarget', ({ message }) => {
    const { result } = JSON.parse(message) as { result?: HeapUsage };
    if (!result) return;
    samples++;
    peak = Math.max(peak, result.usedSize + result.backingStorageSize);
  });
  await page.send('Target.setAutoAttach', { autoAttach: true, waitForDebuggerOnStart: false, flatten: false });
  return {
    stop: () => {
      clearInterval(timer);
      return { peak, samples };
    },
  };
}
