/** Pixels around the viewport within which an element counts as seen, so that it is ready when it scrolls in. */
const margin = '200px';

/** Whether an element is on screen, or close to it, in a page that is shown. */
export class Visibility {
  private near = false;
  private observer: IntersectionObserver | null = null;
  private readonly listeners = new Set<() => void>();

  constructor(private readonly element: Element) {}

  get visible(): boolean {
    return this.near && document.visibilityState === 'visible';
  }

  start(): void {
    document.addEventListener('visibilitychange', this.tell);
    this.observer = new IntersectionObserver(
      (entries) => {
        this.near = entries.at(-1)?.isIntersecting ?? false;
        this.tell();
      },
      { rootMargin: margin },
    );
    this.observer.observe(this.element);
  }

  stop(): void {
    document.removeEventListener('visibilitychange', this.tell);
    this.observer?.disconnect();
    this.near = false;
  }

  /** @returns what ends the subscription. */
  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Resolves once the element is visible. @throws `signal.reason`. */
  async wait(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.visible) return;
    await new Promise<void>((resolve, reject) => {
      const stop = this.subscribe(() => {
        if (!this.visible) return;
        stop();
        signal.removeEventListener('abort', onAbort);
        resolve();
      });
      const onAbort = () => {
        stop();
        reject(signal.reason);
      };
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  private readonly tell = () => {
    for (const listener of this.listeners) listener();
  };
}
