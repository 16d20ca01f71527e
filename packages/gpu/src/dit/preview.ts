import { latentPlane } from '@webdit/core';
import type { BufferScope } from '../allocator.ts';
import { bufferUsage, mapMode } from '../flags.ts';
import type { Slicer } from '../slicer.ts';
import type { DiTGraph } from './graph.ts';

export interface PreviewRequest {
  /** Steps that are previewed. */
  readonly steps: ReadonlySet<number>;
  /** The final latents `[channels, height, width]` as step `n` foresees them. */
  readonly onPreview: (n: number, latents: ArrayLike<number>) => void;
}

/**
 * Copies the x0 that a step leaves behind to the CPU without making the loop wait. One copy is under way at most: a step that ends
 * before it has arrived has no preview.
 */
export class PreviewTap {
  readonly #staging: GPUBuffer;
  #busy = false;
  #latest: Promise<void> = Promise.resolve();

  constructor(
    readonly graph: DiTGraph,
    readonly request: PreviewRequest,
    readonly signal: AbortSignal | undefined,
    scope: BufferScope,
  ) {
    const bytes = graph.config.inChannels * latentPlane(graph.config) * 4;
    this.#staging = scope.create('preview.read', bytes, bufferUsage.MAP_READ | bufferUsage.COPY_DST);
  }

  /** Encodes the copy of step `n`, if it is its turn. */
  afterStep(n: number, slicer: Slicer): void {
    if (this.#busy || !this.request.steps.has(n)) return;
    this.#busy = true;
    slicer.copy(this.graph.x0, this.#staging, 0, this.#staging.size);
    slicer.afterSubmit(() => {
      this.#latest = this.#deliver(n);
      // Whoever waits for the last one hears of it.
      this.#latest.catch(() => {});
    });
  }

  /** Waits for the callback of the last preview. @throws what it threw. */
  async settle(): Promise<void> {
    await this.#latest;
  }

  async #deliver(n: number): Promise<void> {
    // Fails only once the run is over or the device is gone, and the loop says that itself.
    const mapped = await this.#staging.mapAsync(mapMode.READ).then(
      () => true,
      () => false,
    );
    if (!mapped) return;
    const latents = new Float32Array(this.#staging.getMappedRange()).slice();
    this.#staging.unmap();
    // A callback that throws gets no more.
    if (!this.signal?.aborted) this.request.onPreview(n, latents);
    this.#busy = false;
  }
}
