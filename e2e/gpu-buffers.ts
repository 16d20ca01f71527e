import type { Page } from 'playwright/test';

/** Bookkeeping of the GPU buffers of one thread. */
export interface Buffers {
  readonly created: number;
  readonly alive: number;
  /** Of those alive, and at most so far. */
  readonly bytes: number;
  readonly peakBytes: number;
}

const counter = `{
  const alive = new Set();
  const devices = new Map();
  let created = 0;
  let bytes = 0;
  let peakBytes = 0;
  const forget = (buffer) => {
    if (alive.delete(buffer)) bytes -= buffer.size;
    devices.delete(buffer);
  };
  const count = () => ({ created, alive: alive.size, bytes, peakBytes });
  const tell = new BroadcastChannel('webdit-buffers');
  const report = () => tell.postMessage(count());
  const { createBuffer, destroy } = GPUDevice.prototype;
  const { destroy: destroyBuffer } = GPUBuffer.prototype;
  GPUDevice.prototype.createBuffer = function (descriptor) {
    const buffer = createBuffer.call(this, descriptor);
    created++;
    bytes += buffer.size;
    peakBytes = Math.max(peakBytes, bytes);
    alive.add(buffer);
    devices.set(buffer, this);
    return buffer;
  };
  GPUBuffer.prototype.destroy = function () {
    destroyBuffer.call(this);
    forget(this);
    report();
  };
  GPUDevice.prototype.destroy = function () {
    destroy.call(this);
    for (const [buffer, device] of devices) if (device === this) forget(buffer);
    report();
  };
  globalThis.webditBuffers = count;
}`;

/** Counts GPU buffers in the page and in each worker that starts after this, by wrapping the calls that make and destroy them. */
export async function countBuffers(page: Page): Promise<void> {
  await page.addInitScript(`${counter}
    globalThis.lastBuffers = null;
    new BroadcastChannel('webdit-buffers').onmessage = ({ data }) => { globalThis.lastBuffers = data; };`);
  await page.route(/\/webdit-counter\.js$/, (route) =>
    route.fulfill({ contentType: 'text/javascript', body: counter }),
  );
  // As published, and as the development server has it.
  await page.route(/\/(standalone\/worker\.js$|worker\.ts\?worker_file)/, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `import '/webdit-counter.js';\n${await response.text()}` });
  });
}

type Counting = typeof globalThis & { readonly webditBuffers: () => Buffers; readonly lastBuffers: Buffers | null };

/** The buffers of the page's only worker. */
export function workerBuffers(page: Page): Promise<Buffers> {
  const [worker, ...others] = page.workers();
  if (!worker || others.length > 0) throw new Error(`The page has ${page.workers().length} workers.`);
  return worker.evaluate(() => (globalThis as Counting).webditBuffers());
}

export function pageBuffers(page: Page): Promise<Buffers> {
  return page.evaluate(() => (globalThis as Counting).webditBuffers());
}

/** What the last worker said of itself, also when it is gone. */
export function lastBuffers(page: Page): Promise<Buffers | null> {
  return page.evaluate(() => (globalThis as Counting).lastBuffers);
}

/** From here on `lastBuffers` is what a worker says that is still to come. */
export function forgetBuffers(page: Page): Promise<void> {
  return page.evaluate(() => {
    Object.assign(globalThis, { lastBuffers: null });
  });
}
