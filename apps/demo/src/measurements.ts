import { createStore, entries, set } from 'idb-keyval';
import {
  type CompareRow,
  type CompareState,
  type CompareSummary,
  comparePolicies,
  compareSettings,
  type DiffusionPipeline,
  type LabPair,
  parseCompareState,
  rowId,
  summarize,
} from 'webdit';

/** What one run is measured against others with: these and the model make a table. */
export interface RunLength {
  readonly steps: number;
  readonly guidance: number;
}

/** What has been measured on this device for one model, number of steps and guidance. */
interface Table {
  readonly state: CompareState;
  /** By row, seed and label. */
  readonly pictures: ReadonlyMap<string, Picture>;
}

export type Picture = Pick<ImageData, 'width' | 'height' | 'data'>;

export interface MeasureOptions extends RunLength {
  readonly rows: readonly CompareRow[];
  readonly pairs: readonly LabPair[];
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, total: number) => void;
}

/** Every comparison made on this device, kept over reloads where the browser stores anything. */
export class Measurements {
  /** Why nothing outlives the page, or null. */
  unsaved: string | null = null;
  private readonly tables = new Map<string, Table>();
  private readonly listeners = new Set<() => void>();
  private reading: Promise<void> | null = null;

  /** @returns what ends the subscription. */
  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Reads what earlier visits measured, once. */
  load(): Promise<void> {
    this.reading ??= this.read();
    return this.reading;
  }

  /** One summary per measured row, the uncached one first; empty when nothing is measured. */
  summaries(model: string, length: RunLength): readonly CompareSummary[] {
    const state = this.tables.get(keyOf(model, length))?.state;
    return state ? summarize(state, [...new Set(state.measurements.map(({ row }) => row))]) : [];
  }

  /** Everything measured, as `webdit compare --json` writes it; null when nothing is. */
  state(model: string, length: RunLength): CompareState | null {
    return this.tables.get(keyOf(model, length))?.state ?? null;
  }

  picture(model: string, length: RunLength, row: string, { seed, label }: LabPair): Picture | null {
    return this.tables.get(keyOf(model, length))?.pictures.get(pictureKey(row, seed, label)) ?? null;
  }

  /**
   * Measures rows and pairs that are not measured yet. What is done stays, whenever it stops. Measurements made on another adapter
   * or with other kernels are dropped first: they must not be mixed.
   */
  async measure(pipe: DiffusionPipeline, options: MeasureOptions): Promise<void> {
    await this.load();
    const { steps, guidance, rows, pairs, signal } = options;
    const key = keyOf(pipe.info.name, options);
    const settings = compareSettings(pipe.info, steps, guidance);
    const known = this.tables.get(key);
    const fits = known && JSON.stringify(known.state.settings) === JSON.stringify(settings);
    const pictures = new Map(fits ? known.pictures : []);
    await comparePolicies(keepingPictures(pipe, steps, pictures), {
      ...{ rows, pairs, steps, guidanceScale: guidance, signal },
      state: fits ? known.state : undefined,
      onProgress: async ({ done, total, state }) => {
        this.tables.set(key, { state, pictures });
        options.onProgress(done, total);
        this.notify();
        await this.save(key);
      },
    });
  }

  /** Forgets what was measured for one model and length. */
  async clear(model: string, length: RunLength): Promise<void> {
    const key = keyOf(model, length);
    this.tables.delete(key);
    this.notify();
    await this.save(key);
  }

  private async read(): Promise<void> {
    try {
      for (const [key, value] of await entries<string, Table | null>(database())) {
        if (value) this.tables.set(key, { ...value, state: parseCompareState(value.state, 'The browser’s storage') });
      }
    } catch (cause) {
      this.doubt(cause);
    }
    this.notify();
  }

  private async save(key: string): Promise<void> {
    try {
      await set(key, this.tables.get(key) ?? null, database());
    } catch (cause) {
      this.doubt(cause);
    }
  }

  private doubt(cause: unknown): void {
    const reason = cause instanceof Error ? cause.message : String(cause);
    this.unsaved = `What is measured here is gone after a reload, because this browser stores nothing: ${reason}`;
  }

  private notify(): void {
    for (const listener of this.listeners) listener();
  }
}

/** One for the page: the presets and the chart show the same measurements. */
export const measurements = new Measurements();

let opened: ReturnType<typeof createStore> | undefined;
function database() {
  opened ??= createStore('webdit-measurements', 'tables');
  return opened;
}

function keyOf(model: string, { steps, guidance }: RunLength): string {
  return JSON.stringify([model, steps, guidance]);
}

function pictureKey(row: string, seed: number, label: number | string): string {
  return JSON.stringify([row, seed, label]);
}

/** The pipeline, with a copy of every picture put aside under its row. */
function keepingPictures(pipe: DiffusionPipeline, steps: number, pictures: Map<string, Picture>) {
  return {
    info: pipe.info,
    generate: async (...[input, options]: Parameters<Parameters<typeof comparePolicies>[0]['generate']>) => {
      const result = await pipe.generate(input, options);
      const { numInferenceSteps = steps, cache = 'none', seed } = options;
      const row = rowId(numInferenceSteps < steps ? { fewerSteps: numInferenceSteps } : cache);
      const { image } = result;
      // As plain data: browsers differ in whether they store an ImageData.
      if (image) {
        const { width, height, data } = image;
        pictures.set(pictureKey(row, Number(seed), input.label), { width, height, data });
      }
      return result;
    },
  };
}
