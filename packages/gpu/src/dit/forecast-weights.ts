import { featuresRead, type StepCompute } from '@webdit/core';
import type { BufferScope } from '../allocator.ts';
import type { EntryWeights } from './cache.ts';

/** The weights that a plan's reuse and forecast steps give the cached branch outputs, on the GPU before the loop. */
export class ForecastWeights {
  /** Of plain reuse: 1 for every branch. */
  readonly ones: EntryWeights;
  readonly #entries: number;
  readonly #buffer: GPUBuffer;
  readonly #rows = new Map<string, number>();

  /** @param entries depth x branches. */
  constructor(steps: readonly StepCompute[], entries: number, scope: BufferScope) {
    this.#entries = entries;
    const table = [Array<number>(this.#entries).fill(1)];
    for (const { forecast } of steps) {
      if (!forecast) continue;
      for (let feature = 0; feature < featuresRead({ kind: 'forecast', forecast }); feature++) {
        const row = this.#row(forecast, feature);
        const key = row.join();
        if (this.#rows.has(key)) continue;
        this.#rows.set(key, table.length);
        table.push(row);
      }
    }
    this.#buffer = scope.storage('forecast_weights', table.length * this.#entries);
    scope.allocator.holder.device.queue.writeBuffer(this.#buffer, 0, Float32Array.from(table.flat()));
    this.ones = { buffer: this.#buffer, first: 0 };
  }

  /** Of each full step that a forecast looks back on, the newest first; null where every weight is 0. */
  of(forecast: readonly (readonly number[])[]): (EntryWeights | null)[] {
    return Array.from({ length: featuresRead({ kind: 'forecast', forecast }) }, (_, feature) => {
      const row = this.#row(forecast, feature);
      if (row.every((weight) => weight === 0)) return null;
      return { buffer: this.#buffer, first: (this.#rows.get(row.join()) as number) * this.#entries };
    });
  }

  #row(forecast: readonly (readonly number[])[], feature: number): number[] {
    const shared = forecast.length === 1;
    return Array.from({ length: this.#entries }, (_, entry) => forecast[shared ? 0 : entry]?.[feature] ?? 0);
  }
}
