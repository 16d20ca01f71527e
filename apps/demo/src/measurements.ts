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
import { Kept } from './kept.ts';

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

/** Every comparison made on this device, kept over reloads where the browser stores anything. Models go by their `ModelChoice.key`. */
export class Measurements {
  private readonly kept = new Kept<Table>('webdit-tradeoff', readTable);
  private tables: ReadonlyMap<string, Table> = new Map();
  private readonly listeners = new Set<() => void>();

  /** Why nothing outlives the page, or null. */
  get unsaved(): string | null {
    return this.kept.unsaved;
  }

  /** @returns what ends the subscription. */
  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Reads what earlier visits measured. */
  async load(): Promise<void> {
    this.tables = await this.kept.all();
    this.notify();
  }

  /** One summary per measured row, the uncached one first; empty when nothing is measured. */
  summaries(model: string, length: RunLength): readonly CompareSummary[] {
    const state = this.state(model, length);
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
  async measure(pipe: DiffusionPipeline, model: string, options: MeasureOptions): Promise<void> {
    await this.load();
    const { steps, guidance, rows, pairs, signal } = options;
    const key = keyOf(model, options);
    const settings = compareSettings(pipe.info, steps, guidance);
    const known = this.tables.get(key);
    const fits = known && JSON.stringify(known.state.settings) === JSON.stringify(settings);
    const pictures = new Map(fits ? known.pictures : []);
    await comparePolicies(keepingPictures(pipe, steps, pictures), {
      ...{ rows, pairs, steps, guidanceScale: guidance, signal },
      state: fits ? known.state : undefined,
      onProgress: async ({ done, total, state }) => {
        options.onProgress(done, total);
        await this.change(this.kept.set(key, { state, pictures }));
      },
    });
  }

  /** Forgets what was measured for one model and length. */
  async clear(model: string, length: RunLength): Promise<void> {
    await this.change(this.kept.delete(keyOf(model, length)));
  }

  private async change(saving: Promise<void>): Promise<void> {
    await saving;
    this.notify();
  }

  private notify(): void {
    for (const listener of this.listeners) listener();
  }
}

/** One for the page: the presets and the chart show the same measurements. */
export const measurements = new Measurements();

function readTable(stored: unknown): Table {
  const { state, pictures } = stored as Table;
  return { state: parseCompareState(state, 'The browser’s storage'), pictures: new Map(pictures) };
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
      const { numInferenceSteps = steps, cache = 'none', seed, scheduler } = options;
      const fewer = { fewerSteps: numInferenceSteps, ...(scheduler === undefined ? {} : { scheduler }) };
      const row = rowId(numInferenceSteps < steps ? fewer : cache);
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
