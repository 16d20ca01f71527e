import type { ProgressEvent } from './types.ts';

/** Share of the bar that belongs to the bytes; compiling pipelines gets the rest. */
const bytesShare = 0.9;
/** At most this often, in milliseconds, does a file report progress: chunks arrive hundreds of times a second. */
const interval = 50;

interface FileState {
  loaded: number;
  total: number;
  reportedAt: number;
}

/** Turns bytes read and pipelines compiled into transformers.js' events and one bar that never goes back. */
export class LoadProgress {
  private readonly files = new Map<string, FileState>();
  private pipelinesDone = 0;
  private pipelinesTotal = 0;
  private percent = 0;

  constructor(
    private readonly name: string,
    private readonly emit: (event: ProgressEvent) => void,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Announces a file of `total` bytes. Announce every file before the first byte, or the bar cannot know its length. */
  initiate(file: string, total: number): void {
    this.files.set(file, { loaded: 0, total, reportedAt: Number.NEGATIVE_INFINITY });
    this.emit({ status: 'initiate', name: this.name, file });
  }

  /** `loaded` of a file's bytes have been read. */
  advance(file: string, loaded: number): void {
    const state = this.state(file);
    if (state.loaded === 0 && loaded > 0) this.emit({ status: 'download', name: this.name, file });
    state.loaded = loaded;
    state.total = Math.max(state.total, loaded);
    const now = this.now();
    if (now - state.reportedAt < interval && loaded < state.total) return;
    state.reportedAt = now;
    const progress = state.total === 0 ? 100 : (100 * loaded) / state.total;
    this.emit({ status: 'progress', name: this.name, file, loaded, total: state.total, progress });
    this.total();
  }

  /** A file has been read to its end, whatever its announced size. */
  done(file: string): void {
    const state = this.state(file);
    state.total = state.loaded;
    this.emit({ status: 'done', name: this.name, file });
    this.total();
  }

  pipelines(done: number, total: number): void {
    this.pipelinesDone = done;
    this.pipelinesTotal = total;
    this.total();
  }

  ready(): void {
    for (const state of this.files.values()) state.loaded = state.total;
    this.pipelinesDone = this.pipelinesTotal;
    this.percent = 100;
    this.total();
    this.emit({ status: 'ready', name: this.name });
  }

  private state(file: string): FileState {
    if (!this.files.has(file)) this.initiate(file, 0);
    return this.files.get(file) as FileState;
  }

  private total(): void {
    let loaded = 0;
    let total = 0;
    for (const state of this.files.values()) {
      loaded += state.loaded;
      total += state.total;
    }
    const bytes = total === 0 ? 0 : loaded / total;
    const compiled = this.pipelinesTotal === 0 ? 0 : this.pipelinesDone / this.pipelinesTotal;
    this.percent = Math.max(this.percent, 100 * (bytesShare * bytes + (1 - bytesShare) * compiled));
    this.emit({
      status: 'progress_total',
      name: this.name,
      loaded,
      total,
      progress: this.percent,
      pipelines: { done: this.pipelinesDone, total: this.pipelinesTotal },
    });
  }
}

/** What a model goes by in events: the last part of its URL or path. */
export function shortName(name: string): string {
  return (
    name
      .replace(/[?#].*$/, '')
      .replace(/\/+$/, '')
      .split('/')
      .at(-1) || name
  );
}
