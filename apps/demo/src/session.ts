import type { ReactiveController, ReactiveControllerHost } from 'lit';
import type { GenerateResult, ProgressEvent, RunReport, StepEvent } from 'webdit';
import { latentPicture } from './latent-picture.ts';
import { type ModelChoice, ownModel } from './models/model-choice.ts';
import type { Obstacle } from './no-webgpu/obstacle.ts';
import { type Over, stepsOver } from './over.ts';
import type { ViewName } from './route.ts';
import type { RunSummary } from './run-summary.ts';
import type { Settings } from './settings.ts';

/** What the page shows of a failure; WebDiT's errors bring a remedy, others get none. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

export type Phase =
  | { readonly name: 'idle' }
  | { readonly name: 'loading'; readonly progress: Extract<ProgressEvent, { status: 'progress_total' }> | null }
  | { readonly name: 'running'; readonly step: StepEvent | null; readonly steps: number }
  /** A view's own work, whose progress the view shows itself. */
  | { readonly name: 'working' }
  | { readonly name: 'done'; readonly report: RunReport }
  /** A picture of an earlier run is shown. */
  | { readonly name: 'shown'; readonly report: RunSummary }
  | { readonly name: 'aborted' }
  | { readonly name: 'failed'; readonly failure: Failure };

export interface Painting {
  readonly image: ImageData;
  readonly settings: Settings;
  readonly report: RunSummary;
  /** Name of the model. */
  readonly model: string;
  /** It was painted over another picture, and its settings alone do not make it again. */
  readonly over?: boolean;
}

/** The steps of a run, as far as they are done. */
export interface Track {
  readonly steps: number;
  readonly done: readonly Pick<StepEvent, 'kind' | 'ms'>[];
}

export type Pipeline = import('webdit').DiffusionPipeline;

/** Owns the pipeline: loads it on first use, gives it to one piece of work at a time, stops it. Tells whoever subscribed. */
export class Session {
  phase: Phase = { name: 'idle' };
  /** The view whose work the phase tells of. */
  owner: ViewName = 'generate';
  painting: Painting | null = null;
  /** What the run under way is about to paint. */
  preview: Pick<Painting, 'image' | 'settings'> | null = null;
  /** Of the run under way, or the last one. */
  track: Track | null = null;
  /** What is painted over; null for nothing. */
  over: Over | null = null;
  /** What is painted with, loaded or not. */
  model: ModelChoice;
  /** The loaded model, or null. */
  pipeline: Pipeline | null = null;
  /** Why the graphics card cannot be used, once that is known. */
  obstacle: Obstacle | null = null;
  /** The visitor wants to paint without the graphics card: uncached, on the processor. */
  onProcessor = false;
  private controller: AbortController | null = null;
  private readonly listeners = new Set<() => void>();

  /** @param modelUrl of the page's own model. */
  constructor(readonly modelUrl: URL) {
    this.model = ownModel(modelUrl);
  }

  /** @returns what ends the subscription. */
  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  get busy(): boolean {
    return this.controller !== null;
  }

  /** Nothing can be painted unless the visitor chooses the processor. */
  get blocked(): boolean {
    return this.obstacle !== null && !this.onProcessor;
  }

  /** Work that WebGPU alone can do, such as caching, can be started. */
  get freeForGpu(): boolean {
    return !this.busy && this.obstacle === null;
  }

  setObstacle(obstacle: Obstacle | null): void {
    this.obstacle = obstacle;
    this.notify();
  }

  useProcessor(): void {
    this.onProcessor = true;
    this.notify();
  }

  /** The phase of a view's own work; idle for all others. */
  phaseOf(view: ViewName): Phase {
    return view === this.owner ? this.phase : { name: 'idle' };
  }

  /** As the pipeline calls it, loaded or not. */
  get modelName(): string {
    return this.pipeline?.info.name ?? this.model.name;
  }

  /** The loaded model has no VAE: its results are latents, not pictures. */
  get paintsLatents(): boolean {
    return this.pipeline?.info.model.imageSize === null;
  }

  /** The loaded model cannot paint over pictures: it has no VAE encoder. */
  get cannotPaintOver(): boolean {
    return this.pipeline?.info.model.imageEncoder === false;
  }

  paintOver(over: Over | null): void {
    this.over = over;
    this.notify();
  }

  abort(): void {
    this.controller?.abort();
  }

  /** Shows a picture of an earlier run. Work under way goes on, and so does its phase. */
  show(painting: Painting): void {
    this.painting = painting;
    if (this.busy) {
      this.notify();
      return;
    }
    const { steps } = painting.report;
    this.owner = 'generate';
    this.track = { steps: steps.length, done: steps };
    this.enter({ name: 'shown', report: painting.report });
  }

  /** @param previewEvery steps from one preview to the next. */
  async generate(wanted: Settings, previewEvery = 1): Promise<void> {
    // What the processor cannot do is not asked of it; the picture is kept under the settings that made it.
    const settings = this.onProcessor ? { ...wanted, cache: 'none' } : wanted;
    await this.work('generate', async (signal) => {
      const { label, seed, guidance: guidanceScale, cache } = settings;
      const plain = { seed, numInferenceSteps: settings.steps, guidanceScale, cache, previewEvery };
      const { checkArguments } = await this.library();
      checkArguments({ label }, { ...plain, ...from(this.over) });
      const pipeline = await this.ready(signal);
      // Another model may have come since the picture was chosen, and what cannot be painted over is not shown with it.
      if (this.cannotPaintOver) this.over = null;
      const { over } = this;
      const options = { ...plain, ...from(over) };
      const steps = stepsOver(settings.steps, over);
      this.track = { steps, done: [] };
      this.enter({ name: 'running', step: null, steps });
      const { image, latents, report }: GenerateResult<'imageData' | 'latent'> = await pipeline.generate(
        { label },
        {
          ...options,
          // Not a bitmap: reading pixels back from a canvas gives others in browsers that guard against fingerprinting.
          outputType: this.paintsLatents ? 'latent' : 'imageData',
          onStep: (step) => this.advance(step),
          onPreview: ({ preview: image }) => this.foresee({ image, settings }),
          signal,
        },
      );
      const picture = image ?? latentPicture(latents);
      this.painting = { image: picture, settings, report, model: pipeline.info.name, ...(over ? { over: true } : {}) };
      this.enter({ name: 'done', report });
    });
  }

  /**
   * Gives the loaded pipeline to a view's own work, unless other work is under way. A failure or an abort becomes the phase, and
   * the result is undefined.
   * @param check throws on bad input, before anything large is downloaded.
   */
  async run<T>(
    view: ViewName,
    work: (pipeline: Pipeline, signal: AbortSignal) => Promise<T>,
    check?: (library: typeof import('webdit')) => void,
  ): Promise<T | undefined> {
    let result: T | undefined;
    await this.work(view, async (signal) => {
      check?.(await this.library());
      const pipeline = await this.ready(signal);
      this.enter({ name: 'working' });
      result = await work(pipeline, signal);
      this.enter({ name: 'idle' });
    });
    return result;
  }

  /**
   * Goes over to another model and loads it. When it cannot be loaded, the one before stays the session's; its next use loads it
   * again where its memory had to be given up first.
   * @param open reads what the model says of itself, and throws when it is none: nothing has been given up then.
   */
  async use<T>(model: ModelChoice, open: (model: ModelChoice) => Promise<T>): Promise<T | undefined> {
    let opened: T | undefined;
    await this.work('models', async (signal) => {
      this.enter({ name: 'loading', progress: null });
      const said = await open(model);
      signal.throwIfAborted();
      // There may not be memory for two.
      const { model: before, pipeline } = this;
      this.pipeline = null;
      await pipeline?.dispose();
      this.model = model;
      try {
        await this.ready(signal);
      } catch (error) {
        this.model = before;
        throw error;
      }
      opened = said;
      this.enter({ name: 'idle' });
    });
    return opened;
  }

  /** Downloaded at the first use, which is part of loading. */
  private async library(): Promise<typeof import('webdit')> {
    if (!this.pipeline) this.enter({ name: 'loading', progress: null });
    return import('webdit');
  }

  private async ready(signal: AbortSignal): Promise<Pipeline> {
    if (this.pipeline) return this.pipeline;
    const { DiffusionPipeline } = await this.library();
    this.pipeline = await DiffusionPipeline.fromPretrained(this.model.source, {
      device: this.onProcessor ? 'wasm' : 'auto',
      signal,
      onProgress: (event) => {
        if (event.status === 'progress_total') this.enter({ name: 'loading', progress: event });
      },
    });
    return this.pipeline;
  }

  private async work(view: ViewName, run: (signal: AbortSignal) => Promise<void>): Promise<void> {
    if (this.controller) return;
    const controller = new AbortController();
    this.controller = controller;
    this.owner = view;
    try {
      await run(controller.signal);
    } catch (error) {
      const aborted = error === controller.signal.reason;
      this.enter(aborted ? { name: 'aborted' } : { name: 'failed', failure: describe(error) });
      if (!aborted) await this.dropBrokenPipeline(error);
    } finally {
      this.controller = null;
      this.preview = null;
      this.notify();
    }
  }

  /** After a lost device or a dead worker the next try starts from scratch. */
  private async dropBrokenPipeline(error: unknown): Promise<void> {
    const { code } = describe(error);
    if (code !== 'device-lost' && code !== 'worker-crashed' && code !== 'out-of-memory') return;
    const broken = this.pipeline;
    this.pipeline = null;
    await broken?.dispose();
  }

  private advance(step: StepEvent): void {
    const done = [...(this.track?.done ?? []), { kind: step.kind, ms: step.ms }];
    this.track = { steps: step.steps, done };
    this.enter({ name: 'running', step, steps: step.steps });
  }

  private foresee(preview: Pick<Painting, 'image' | 'settings'>): void {
    this.preview = preview;
    this.notify();
  }

  private enter(phase: Phase): void {
    this.phase = phase;
    this.notify();
  }

  private notify(): void {
    for (const listener of this.listeners) listener();
  }
}

/** Renders a component anew whenever its session, or what else one can subscribe to, says something. */
export class SessionWatch implements ReactiveController {
  private stop: (() => void) | null = null;

  constructor(
    private readonly host: ReactiveControllerHost,
    private readonly session: () => Pick<Session, 'subscribe'>,
  ) {
    host.addController(this);
  }

  hostConnected(): void {
    this.stop = this.session().subscribe(() => this.host.requestUpdate());
  }

  hostDisconnected(): void {
    this.stop?.();
  }
}

export function describe(error: unknown): Failure {
  const { code, message, remedy } = error as Partial<Failure>;
  return {
    code: code ?? 'error',
    message: message ?? String(error),
    remedy: remedy ?? 'Reload the page and try again.',
  };
}

/** What painting over a picture adds to the options of a run. */
function from(over: Over | null) {
  return over && { image: over.image, strength: over.strength };
}
