import { isStored, missingModelBytes } from '../model-bytes.ts';
import { describe, type Failure } from '../session.ts';
import type { AppVersion } from './app-version.ts';
import { isRunnable, keptMark, type RuntimeFile, runtimeCache } from './runtime-files.ts';

/** What keeping the app offline takes, in bytes. */
export interface Sizes {
  readonly runtime: number;
  readonly model: number;
  /** Of both, what is not on this device yet. */
  readonly missing: number;
}

export type Keeping =
  /** No service worker here. */
  | { readonly name: 'unavailable' }
  | { readonly name: 'offered' }
  | { readonly name: 'keeping'; readonly loaded: number; readonly total: number }
  | { readonly name: 'kept' };

/** Puts whatever painting takes on this device, and removes it. Tells whoever subscribed. */
export class Keeper {
  state: Keeping = { name: 'unavailable' };
  /** Null until `measure` knows. */
  sizes: Sizes | null = null;
  /** Why the last attempt ended. */
  failure: Failure | null = null;
  private controller: AbortController | null = null;

  private readonly listeners = new Set<() => void>();

  constructor(
    private readonly modelUrl: URL,
    readonly version: AppVersion,
  ) {
    version.subscribe(() => void this.look());
  }

  /** @returns what ends the subscription. */
  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Whether the visitor keeps the app offline; downloads nothing to find out. */
  async look(): Promise<void> {
    const { scope } = this.version;
    if (scope === null || this.controller) return;
    // The model can be deleted elsewhere, and so can be brought back.
    const kept = (await caches.has(keptMark(scope))) && (await isStored(this.modelUrl));
    this.enter({ name: kept ? 'kept' : 'offered' });
  }

  /** Finds out the sizes, and whether what was kept is still all there. */
  async measure(): Promise<void> {
    const { scope } = this.version;
    if (scope === null || this.controller) return;
    await this.attempt('What is stored here could not be found out.', async () => {
      const runtime = (await this.version.runtimeFiles()).filter(isRunnable);
      const missing = await missingFrom(scope, runtime);
      const { model, missing: missingModel } = await missingModelBytes(this.modelUrl, 'all');
      this.sizes = { runtime: sum(runtime), model, missing: sum(missing) + missingModel };
    });
    const complete = this.sizes?.missing === 0 && (await caches.has(keptMark(scope)));
    this.enter({ name: complete ? 'kept' : 'offered' });
  }

  /** Downloads what is missing. What an interrupted download has finished stays, and the next one goes on from there. */
  async keep(): Promise<void> {
    const { scope } = this.version;
    if (scope === null || this.controller) return;
    const controller = new AbortController();
    this.controller = controller;
    const { signal } = controller;
    await this.attempt('The download failed.', async () => {
      const missing = await missingFrom(scope, (await this.version.runtimeFiles()).filter(isRunnable));
      let loaded = 0;
      let model = { loaded: 0, total: this.sizes?.model ?? 0 };
      const report = () =>
        this.enter({ name: 'keeping', loaded: loaded + model.loaded, total: sum(missing) + model.total });
      report();
      const { storeModel } = await import('webdit');
      await storeModel(this.modelUrl, {
        signal,
        onProgress: (progress) => {
          model = { loaded: progress.loaded, total: Math.max(model.total, progress.total) };
          report();
        },
      });
      const cache = await caches.open(runtimeCache(scope));
      for (const { url } of missing) {
        await cache.put(
          url,
          await download(url, signal, (bytes) => {
            loaded += bytes;
            report();
          }),
        );
      }
      await caches.open(keptMark(scope));
    });
    this.controller = null;
    await this.refresh();
  }

  abort(): void {
    this.controller?.abort();
  }

  /** Removes what was kept; the page itself stays, it is small. */
  async remove(): Promise<void> {
    const { scope } = this.version;
    if (scope === null || this.controller) return;
    await this.attempt('Not everything could be removed.', async () => {
      await caches.delete(keptMark(scope));
      const cache = await caches.open(runtimeCache(scope));
      // A whole cache would give its room back only once nobody holds it any more.
      for (const request of await cache.keys()) await cache.delete(request);
      const { deleteStoredModel } = await import('webdit');
      await deleteStoredModel(this.modelUrl);
    });
    await this.refresh();
  }

  /** Measures anew, keeping what was said of the last attempt. */
  private async refresh(): Promise<void> {
    const { failure } = this;
    await this.measure();
    this.failure ??= failure;
    this.notify();
  }

  private async attempt(complaint: string, work: () => Promise<void>): Promise<void> {
    this.failure = null;
    try {
      await work();
    } catch (error) {
      if (!this.controller?.signal.aborted) this.failure = explain(complaint, error);
    }
  }

  private enter(state: Keeping): void {
    this.state = state;
    this.notify();
  }

  private notify(): void {
    for (const listener of this.listeners) listener();
  }
}

const sum = (files: readonly { readonly bytes: number }[]) => files.reduce((total, { bytes }) => total + bytes, 0);

async function missingFrom(scope: string, files: readonly RuntimeFile[]): Promise<readonly RuntimeFile[]> {
  const cache = await caches.open(runtimeCache(scope));
  const stored = new Set((await cache.keys()).map(({ url }) => url));
  return files.filter(({ url }) => !stored.has(url));
}

/** A response to store, whose bytes are counted as they pass. */
async function download(url: string, signal: AbortSignal, count: (bytes: number) => void): Promise<Response> {
  const response = await fetch(url, { signal, cache: 'no-store' });
  if (!response.ok || !response.body) throw new Error(`The server answered ${response.status} to ${url}.`);
  const counter = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(chunk, controller) {
      count(chunk.byteLength);
      controller.enqueue(chunk);
    },
  });
  return new Response(response.body.pipeThrough(counter), { headers: response.headers });
}

function explain(complaint: string, error: unknown): Failure {
  if (error instanceof DOMException && error.name === 'QuotaExceededError') {
    const message = 'This device has no room for it.';
    return { code: 'quota', message, remedy: 'Free some space, or delete models you no longer need.' };
  }
  if (typeof (error as Partial<Failure>).code === 'string') return describe(error);
  const message = `${complaint} ${(error as Error).message}`;
  return { code: 'network', message, remedy: 'Check the connection and try again; what has arrived is kept.' };
}
