/** Lets work go on, or holds it up between its parts. Open at first. */
export class Gate {
  /** What waits for the gate to open; null while it is open. */
  private held: Set<() => void> | null = null;

  get isOpen(): boolean {
    return this.held === null;
  }

  close(): void {
    this.held ??= new Set();
  }

  open(): void {
    const { held } = this;
    this.held = null;
    for (const go of held ?? []) go();
  }

  /** Resolves at once while the gate is open, else once it is. @throws `signal.reason`, also while it waits. */
  async pass(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const { held } = this;
    if (held === null) return;
    await new Promise<void>((resolve, reject) => {
      const go = () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      };
      const onAbort = () => {
        held.delete(go);
        reject(signal?.reason);
      };
      held.add(go);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
    // By now it may have been closed again.
    await this.pass(signal);
  }
}
