/** The time a piece of work has, and the signal that may end it before. */
export class Deadline {
  readonly #started = performance.now();

  constructor(
    /** Infinity: only the signal ends it. */
    readonly budgetMs: number,
    readonly signal?: AbortSignal | undefined,
  ) {}

  get elapsedMs(): number {
    return performance.now() - this.#started;
  }

  get hasTime(): boolean {
    return this.elapsedMs < this.budgetMs;
  }

  /**
   * Waits for work that cannot be stopped, until time is up. The work may not reject.
   * @throws the signal's reason, at once.
   */
  async wait(work: Promise<unknown>): Promise<void> {
    const { signal } = this;
    signal?.throwIfAborted();
    let stop: () => void = () => {};
    const stopped = new Promise<void>((resolve) => {
      stop = resolve;
    });
    const left = Math.max(0, this.budgetMs - this.elapsedMs);
    const timer = Number.isFinite(left) ? setTimeout(stop, left) : undefined;
    signal?.addEventListener('abort', stop, { once: true });
    try {
      await Promise.race([work, stopped]);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
    }
    signal?.throwIfAborted();
  }
}
