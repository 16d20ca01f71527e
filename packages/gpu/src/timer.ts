import type { BufferScope } from './allocator.ts';
import type { DeviceHolder } from './device.ts';
import { bufferUsage, mapMode } from './flags.ts';

/** Timestamps of one WebGPU query set; each pass takes two. */
const capacity = 4096;

/** GPU time per step, from timestamps around each compute pass. Passes beyond the query set's capacity are not timed. */
export class PassTimer {
  readonly #querySet: GPUQuerySet;
  readonly #resolved: GPUBuffer;
  readonly #readable: GPUBuffer;
  readonly #steps: number[] = [];
  #untimed = new Set<number>();

  private constructor(
    readonly holder: DeviceHolder,
    scope: BufferScope,
  ) {
    this.#querySet = holder.device.createQuerySet({ type: 'timestamp', count: capacity });
    const bytes = capacity * 8;
    this.#resolved = scope.create('timestamps', bytes, bufferUsage.QUERY_RESOLVE | bufferUsage.COPY_SRC);
    this.#readable = scope.create('timestamps.read', bytes, bufferUsage.MAP_READ | bufferUsage.COPY_DST);
  }

  /** Undefined where the adapter has no `timestamp-query`. */
  static create(holder: DeviceHolder, scope: BufferScope): PassTimer | undefined {
    return holder.features.has('timestamp-query') ? new PassTimer(holder, scope) : undefined;
  }

  reset(): void {
    this.#steps.length = 0;
    this.#untimed.clear();
  }

  /** Where the next pass, which belongs to step `n`, writes its times. */
  next(n: number): GPUComputePassTimestampWrites | undefined {
    const i = this.#steps.length;
    if (2 * i + 2 > capacity) {
      this.#untimed.add(n);
      return undefined;
    }
    this.#steps.push(n);
    return { querySet: this.#querySet, beginningOfPassWriteIndex: 2 * i, endOfPassWriteIndex: 2 * i + 1 };
  }

  /** Milliseconds of GPU time by step; steps that were not timed whole are missing. */
  async read(): Promise<Map<number, number>> {
    const count = this.#steps.length * 2;
    const times = new Map<number, number>();
    if (count === 0) return times;
    const encoder = this.holder.device.createCommandEncoder();
    encoder.resolveQuerySet(this.#querySet, 0, count, this.#resolved, 0);
    encoder.copyBufferToBuffer(this.#resolved, 0, this.#readable, 0, count * 8);
    this.holder.device.queue.submit([encoder.finish()]);
    await this.#readable.mapAsync(mapMode.READ, 0, count * 8);
    const stamps = new BigUint64Array(this.#readable.getMappedRange(0, count * 8));
    this.#steps.forEach((n, i) => {
      const ms = Number((stamps[2 * i + 1] as bigint) - (stamps[2 * i] as bigint)) / 1e6;
      times.set(n, (times.get(n) ?? 0) + ms);
    });
    this.#readable.unmap();
    for (const n of this.#untimed) times.delete(n);
    return times;
  }

  destroy(): void {
    this.#querySet.destroy();
  }
}
