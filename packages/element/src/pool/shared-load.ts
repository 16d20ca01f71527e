import type { ProgressEvent } from 'webdit';

export interface LoadHooks {
  readonly signal: AbortSignal;
  readonly onProgress: (event: ProgressEvent) => void;
}

/** One load that several wait for. It is aborted when the last of them has given up. */
export class SharedLoad<T> {
  private readonly stop = new AbortController();
  private readonly waiting = new Set<LoadHooks>();
  private latest: ProgressEvent | null = null;
  private readonly result: Promise<T>;

  constructor(open: (hooks: LoadHooks) => Promise<T>) {
    this.result = open({ signal: this.stop.signal, onProgress: (event) => this.tell(event) });
    // Everybody may have given up by the time it fails.
    this.result.catch(() => {});
  }

  /** True once nobody waits any more: whoever comes then has to begin another load. */
  get abandoned(): boolean {
    return this.stop.signal.aborted;
  }

  /** @throws what the load throws, or `signal.reason` at once. */
  async wait(hooks: LoadHooks): Promise<T> {
    const { signal } = hooks;
    signal.throwIfAborted();
    this.waiting.add(hooks);
    if (this.latest) hooks.onProgress(this.latest);
    let onAbort = () => {};
    const aborted = new Promise<never>((_, reject) => {
      onAbort = () => {
        this.waiting.delete(hooks);
        if (this.waiting.size === 0) this.stop.abort(signal.reason);
        reject(signal.reason);
      };
      signal.addEventListener('abort', onAbort, { once: true });
    });
    try {
      return await Promise.race([this.result, aborted]);
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.waiting.delete(hooks);
    }
  }

  private tell(event: ProgressEvent): void {
    // The sum is what matters to those who come later.
    if (event.status === 'progress_total') this.latest = event;
    for (const { onProgress } of this.waiting) onProgress(event);
  }
}
