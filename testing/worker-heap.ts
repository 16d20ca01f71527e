import type { CDPSession } from 'playwright';

interface HeapUsage {
  readonly usedSize: number;
  readonly backingStorageSize: number;
}

export interface HeapWatch {
  /** The peak since the last call. */
  take(): { readonly peak: number; readonly samples: number };
  stop(): void;
}

/** Samples the JS heap and the array buffers of the page's workers every 20 ms from their first moment on. */
export async function watchWorkerHeap(page: CDPSession): Promise<HeapWatch> {
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
