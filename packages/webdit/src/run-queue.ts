import { Gate, WebDiTError } from '@webdit/core';

/** Runs one call at a time, in order; closing it stops the one that runs and refuses the rest. */
export class RunQueue {
  /** Holds up the call that runs, and those after it, while it is closed. */
  readonly gate = new Gate();
  private tail: Promise<unknown> = Promise.resolve();
  private readonly stop = new AbortController();

  /**
   * What `work` gives once its turn has come. It is handed a signal that fires with the caller's, and when the queue closes.
   * @throws what `work` throws; while it waits, `signal.reason` at once, or WebDiTError `bad-argument` when the queue closes.
   */
  run<T>(signal: AbortSignal | undefined, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const linked = signal ? AbortSignal.any([signal, this.stop.signal]) : this.stop.signal;
    const previous = this.tail;
    const turn = previous.then(() => {
      linked.throwIfAborted();
      return work(linked);
    });
    this.tail = turn.catch(() => {});
    return Promise.race([turn, abortedWhileWaiting(previous, linked)]);
  }

  /** Resolves when nothing runs any more: true the first time, false when the queue was closed before. */
  async close(): Promise<boolean> {
    if (this.stop.signal.aborted) return false;
    this.stop.abort(disposedError());
    await this.tail;
    return true;
  }
}

/** Rejects when the signal fires before this call's turn has come; afterwards the run itself answers to the signal. */
function abortedWhileWaiting(previous: Promise<unknown>, signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    void previous.then(() => signal.removeEventListener('abort', onAbort));
  });
}

function disposedError(): WebDiTError {
  return new WebDiTError(
    'bad-argument',
    'This pipeline has been disposed.',
    'Create another one with fromPretrained().',
  );
}
