import { mebibytes } from '@webdit/core';
import { type DeviceHolder, outOfMemory } from './device.ts';
import { bufferUsage } from './flags.ts';

/**
 * Makes every GPU buffer of a model and counts the bytes. Allocation failures are caught by error scopes and reported by
 * `settle`, so that creating many buffers does not wait for each.
 */
export class Allocator {
  #current = 0;
  #peak = 0;
  readonly #sizes = new Map<GPUBuffer, number>();
  #pending: Promise<void>[] = [];

  constructor(readonly holder: DeviceHolder) {}

  /** Forgets the peak so far: the next one counts from what is allocated now. */
  resetPeak(): void {
    this.#peak = this.#current;
  }

  /** Bytes allocated now and at most since `resetPeak`. */
  get bytes(): { current: number; peak: number } {
    return { current: this.#current, peak: this.#peak };
  }

  /** Storage is bindable whole: @throws WebDiTError `out-of-memory` when it exceeds what this adapter binds or holds. */
  create(label: string, byteLength: number, usage: GPUBufferUsageFlags): GPUBuffer {
    const { device, maxStorageBufferBindingSize } = this.holder;
    const size = Math.max(4, Math.ceil(byteLength / 4) * 4);
    const limit =
      usage & bufferUsage.STORAGE
        ? Math.min(maxStorageBufferBindingSize, device.limits.maxBufferSize)
        : device.limits.maxBufferSize;
    if (size > limit) {
      throw outOfMemory(`Buffer "${label}" needs ${mebibytes(size)}, but this adapter allows ${mebibytes(limit)}.`);
    }
    device.pushErrorScope('out-of-memory');
    const buffer = device.createBuffer({ label, size, usage });
    const made = device.popErrorScope().then((error) => {
      if (error) throw outOfMemory(`The GPU has no room for buffer "${label}" of ${mebibytes(size)}.`, error);
    });
    // `settle` reports it; a caller that fails before it settles must not leave an unhandled rejection behind.
    made.catch(() => {});
    this.#pending.push(made);
    this.#sizes.set(buffer, size);
    this.#current += size;
    this.#peak = Math.max(this.#peak, this.#current);
    return buffer;
  }

  /** Waits until every buffer made so far is known to exist. @throws WebDiTError `out-of-memory`. */
  async settle(): Promise<void> {
    const pending = this.#pending;
    this.#pending = [];
    const results = await Promise.allSettled(pending);
    this.holder.check();
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  destroy(buffer: GPUBuffer): void {
    const size = this.#sizes.get(buffer);
    if (size === undefined) return;
    this.#sizes.delete(buffer);
    this.#current -= size;
    buffer.destroy();
  }

  destroyAll(): void {
    for (const buffer of [...this.#sizes.keys()]) this.destroy(buffer);
  }
}

/** A set of buffers with one lifetime. */
export class BufferScope {
  readonly #buffers: GPUBuffer[] = [];

  constructor(readonly allocator: Allocator) {}

  create(label: string, byteLength: number, usage: GPUBufferUsageFlags): GPUBuffer {
    const buffer = this.allocator.create(label, byteLength, usage);
    this.#buffers.push(buffer);
    return buffer;
  }

  /** A storage buffer of `elements` 4-byte values that copies may read and write. */
  storage(label: string, elements: number): GPUBuffer {
    return this.create(label, elements * 4, bufferUsage.STORAGE | bufferUsage.COPY_DST | bufferUsage.COPY_SRC);
  }

  destroy(): void {
    for (const buffer of this.#buffers.splice(0)) this.allocator.destroy(buffer);
  }
}
