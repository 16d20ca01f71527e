import type { GenerateResult, PreviewEvent, ProgressEvent, StepEvent } from 'webdit';
import type { Lease } from './pool/pool.ts';
import type { Pipeline } from './pool/shared-pipeline.ts';
import type { Call } from './settings.ts';
import { type Action, type Failure, toFailure } from './state.ts';

export type Pixels = GenerateResult<'imageData'>;

/** A model to load. */
export interface LoadOrder {
  /** A share in the model, to be released by whoever asked. */
  readonly acquire: () => Lease;
}

/** A picture to paint. */
export interface PaintOrder<T> extends LoadOrder {
  /** Asked for by the page's markup and not by somebody: it starts only while the element is seen, and gives way to others. */
  readonly automatic: boolean;
  /** Wait until the element is seen also with loading the model. */
  readonly whenSeen: boolean;
  /** Says what to paint, before anything large is downloaded. @throws on settings that make no sense. */
  readonly prepare: () => Promise<Call>;
  /** Shows the picture; the run's turn lasts until then. */
  readonly finish: (pixels: Pixels, call: Call) => Promise<T>;
}

/** What a painter tells, and has to know. */
export interface PainterHooks {
  readonly enter: (action: Action) => void;
  readonly onProgress: (event: ProgressEvent) => void;
  readonly onStep: (event: StepEvent) => void;
  readonly onPreview: (event: PreviewEvent) => void;
  /** Each load or run that failed; aborts are no failures. */
  readonly onFailure: (failure: Failure) => void;
  readonly isVisible: () => boolean;
  /** Resolves once the element is visible. @throws `signal.reason`. */
  readonly untilVisible: (signal: AbortSignal) => Promise<void>;
}

interface Run {
  readonly automatic: boolean;
  readonly controller: AbortController;
  readonly lease: Lease;
  queued: boolean;
}

/** The loads and runs of one element, which take turns with those of others; and its share in the model it used last. */
export class Painter {
  private readonly runs = new Set<Run>();
  /** The run whose turn it is. */
  private active: Run | null = null;
  private kept: Lease | null = null;

  constructor(private readonly hooks: PainterHooks) {}

  /** Loads the model and keeps it. @throws what loading throws, or the reason of `abort`. */
  load(order: LoadOrder): Promise<void> {
    return this.track(order, false, async (run) => {
      await this.ready(run, order);
    });
  }

  /**
   * Paints, after the element's other runs and in turns with those of other elements. Keeps the model loaded.
   * @throws what `prepare`, loading, generating and `finish` throw, or the reason of `abort`.
   */
  paint<T>(order: PaintOrder<T>): Promise<T> {
    return this.track(order, order.automatic, async (run) => {
      const { signal } = run.controller;
      const call = await order.prepare();
      signal.throwIfAborted();
      if (order.whenSeen) await this.hooks.untilVisible(signal);
      await this.ready(run, order);
      return this.inTurn(run, call, order);
    });
  }

  /** Stops all loads and runs, or only the automatic ones; each rejects with `reason`. */
  abort(reason: unknown, which: 'all' | 'automatic' = 'all'): void {
    for (const { automatic, controller } of this.runs) if (automatic || which === 'all') controller.abort(reason);
  }

  /** Call when what `isVisible` says has changed. */
  reconsider(): void {
    this.kept?.shared.advance();
  }

  /** Whether the model is there. A device that is lost takes it from all elements, also from those that did not paint. */
  get holdsModel(): boolean {
    return this.kept !== null && this.kept.shared.loaded !== null;
  }

  /** Gives back the share in the model, unless it is the model called `key`. Runs under way have shares of their own. */
  release(key?: string): void {
    if (!this.kept || this.kept.key === key) return;
    this.kept.release();
    this.kept = null;
    this.hooks.enter({ type: 'unloaded' });
  }

  private async track<T>({ acquire }: LoadOrder, automatic: boolean, work: (run: Run) => Promise<T>): Promise<T> {
    const run: Run = { automatic, controller: new AbortController(), lease: acquire(), queued: false };
    this.runs.add(run);
    try {
      return await work(run);
    } catch (error) {
      const { signal } = run.controller;
      if (signal.aborted && error === signal.reason) this.tell(run, { type: 'stop' });
      else this.fail(run, toFailure(error));
      throw error;
    } finally {
      this.runs.delete(run);
      if (this.active === run) this.active = null;
      run.lease.release();
      this.tellOfQueue();
    }
  }

  private fail(run: Run, failure: Failure): void {
    this.tell(run, { type: 'fail', failure });
    this.hooks.onFailure(failure);
  }

  /** The element shows the run whose turn it is, and others only when there is none. */
  private tell(run: Run, action: Action): void {
    if (this.active === null || this.active === run) this.hooks.enter(action);
  }

  private tellOfQueue(): void {
    if (this.active === null && [...this.runs].some(({ queued }) => queued)) this.hooks.enter({ type: 'queue' });
  }

  private async ready(run: Run, { acquire }: LoadOrder): Promise<void> {
    const { controller, lease } = run;
    if (!lease.shared.loaded) this.tell(run, { type: 'load' });
    const { info } = await lease.shared.ready({
      signal: controller.signal,
      onProgress: (event) => this.progress(run, event),
    });
    controller.signal.throwIfAborted();
    if (this.kept?.key !== lease.key) {
      this.kept?.release();
      this.kept = acquire();
    }
    this.tell(run, { type: 'loaded', info });
  }

  private inTurn<T>(run: Run, call: Call, order: PaintOrder<T>): Promise<T> {
    const { hooks } = this;
    run.queued = true;
    this.tell(run, { type: 'queue' });
    return run.lease.shared.run({
      owner: this,
      signal: run.controller.signal,
      pressing: () => !run.automatic || hooks.isVisible(),
      onProgress: (event) => this.progress(run, event),
      onStart: () => {
        this.active = run;
        hooks.enter({ type: 'queue' });
        hooks.enter({ type: 'start' });
      },
      onWait: () => {
        this.active = null;
        hooks.enter({ type: 'queue' });
      },
      work: async (pipeline, signal) => order.finish(await this.generate(run, pipeline, call, signal), call),
    });
  }

  private generate(run: Run, pipeline: Pipeline, { input, options }: Call, signal: AbortSignal): Promise<Pixels> {
    const { enter, onStep, onPreview } = this.hooks;
    const tell = (step: StepEvent) => {
      enter({ type: 'step', step });
      onStep(step);
    };
    const onProgress = (event: ProgressEvent) => this.progress(run, event);
    return pipeline.generate(input, { ...options, signal, onStep: tell, onPreview, onProgress });
  }

  private progress(run: Run, event: ProgressEvent): void {
    if (event.status === 'progress_total') this.tell(run, { type: 'progress', totals: event });
    this.hooks.onProgress(event);
  }
}
