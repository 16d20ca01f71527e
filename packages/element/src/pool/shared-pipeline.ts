import type { DiffusionPipeline } from 'webdit';
import { RoundRobin, type Turn } from './round-robin.ts';
import { type LoadHooks, SharedLoad } from './shared-load.ts';

/** The part of a pipeline that elements use. */
export type Pipeline = Pick<DiffusionPipeline, 'info' | 'generate' | 'pause' | 'resume' | 'dispose'>;

/** A run that waits for the pipeline. */
export interface Job<T> extends Turn, LoadHooks {
  /**
   * Whether the run has to be done now. One that has not is passed over. When it is under way it pauses, and when another one
   * has to be done it gives way: it is stopped, and begins again at its next turn.
   */
  readonly pressing: () => boolean;
  /** Its turn has come; called again when it had to begin again. */
  readonly onStart: () => void;
  /** It gave way. */
  readonly onWait: () => void;
  readonly work: (pipeline: Pipeline, signal: AbortSignal) => Promise<T>;
}

interface Waiting extends Job<unknown> {
  readonly settle: (result: Promise<unknown>) => void;
}

const gaveWay = new DOMException('Another run was more pressing.', 'AbortError');
/** After these the worker or its device is of no more use. */
const fatal = ['device-lost', 'worker-crashed', 'out-of-memory'];

/** One model, loaded once, that several elements paint with in turns. */
export class SharedPipeline {
  private pipeline: Pipeline | null = null;
  private load: SharedLoad<Pipeline> | null = null;
  private running: { readonly job: Waiting; readonly stop: AbortController } | null = null;
  private readonly waiting = new RoundRobin<Waiting>();

  constructor(private readonly open: (hooks: LoadHooks) => Promise<Pipeline>) {}

  /** Null until it is loaded. */
  get loaded(): Pipeline | null {
    return this.pipeline;
  }

  /** @throws what loading throws, or `signal.reason`. */
  async ready(hooks: LoadHooks): Promise<Pipeline> {
    if (this.pipeline) return this.pipeline;
    if (!this.load || this.load.abandoned) this.load = this.begin();
    return this.load.wait(hooks);
  }

  /** @throws what loading or the work throws, or `signal.reason`. */
  run<T>(job: Job<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const onAbort = () => {
        this.waiting.remove(waiting);
        // A run under way answers for itself, once it has stopped.
        if (this.running?.job !== waiting) reject(job.signal.reason);
      };
      const waiting: Waiting = {
        ...job,
        settle: (result) => {
          job.signal.removeEventListener('abort', onAbort);
          (result as Promise<T>).then(resolve, reject);
        },
      };
      job.signal.throwIfAborted();
      job.signal.addEventListener('abort', onAbort, { once: true });
      this.waiting.add(waiting);
      this.advance();
    });
  }

  /** Looks again at which runs are pressing. */
  advance(): void {
    const isPressing = (job: Waiting) => job.pressing();
    if (this.running) {
      const { job, stop } = this.running;
      if (job.pressing()) this.pipeline?.resume();
      else if (this.waiting.some(isPressing)) stop.abort(gaveWay);
      else this.pipeline?.pause();
      return;
    }
    const job = this.waiting.take(isPressing);
    if (!job) return;
    // The run before may have ended while it was paused.
    this.pipeline?.resume();
    const stop = new AbortController();
    this.running = { job, stop };
    void this.attempt(job, stop.signal).finally(() => {
      this.running = null;
      this.advance();
    });
  }

  /** Frees the model. Nobody may wait for it any more. */
  async dispose(): Promise<void> {
    const { pipeline } = this;
    this.pipeline = null;
    await pipeline?.dispose();
  }

  private begin(): SharedLoad<Pipeline> {
    const load = new SharedLoad<Pipeline>(async (hooks) => {
      try {
        const pipeline = await this.open(hooks);
        // It may have arrived while everybody gave up.
        if (load.abandoned) await pipeline.dispose();
        else this.pipeline = pipeline;
        return pipeline;
      } finally {
        if (this.load === load) this.load = null;
      }
    });
    return load;
  }

  private async attempt(job: Waiting, stop: AbortSignal): Promise<void> {
    const signal = AbortSignal.any([job.signal, stop]);
    try {
      job.onStart();
      const pipeline = await this.ready({ signal, onProgress: job.onProgress });
      job.settle(Promise.resolve(await job.work(pipeline, signal)));
    } catch (error) {
      if (error === gaveWay && !job.signal.aborted) {
        this.waiting.giveBack(job);
        job.onWait();
        return;
      }
      await this.dropIfBroken(error);
      job.settle(Promise.reject(error));
    }
  }

  /** The next run then loads the model anew. */
  private async dropIfBroken(error: unknown): Promise<void> {
    const code = (error as { code?: unknown } | null)?.code;
    if (typeof code === 'string' && fatal.includes(code)) await this.dispose().catch(() => {});
  }
}
