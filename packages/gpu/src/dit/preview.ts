import { type RunPlan, type UpdateCoefficients, updateLatents } from '@webdit/core';
import type { BufferScope } from '../allocator.ts';
import type { Slicer } from '../slicer.ts';
import type { DiTGraph } from './graph.ts';

export interface PreviewRequest {
  /** By step, for those that are previewed: how they foresee the final latents. */
  readonly estimates: ReadonlyMap<number, UpdateCoefficients>;
  /** The final latents `[channels, size, size]` as step `n` foresees them. */
  readonly onPreview: (n: number, latents: Float64Array) => void;
}

/**
 * Copies what a step leaves behind to the CPU without making the loop wait. One copy is under way at most: a step that ends before
 * it has arrived has no preview.
 */
export class PreviewTap {
  readonly #staging: GPUBuffer;
  readonly #sampleElements: number;
  #busy = false;
  #latest: Promise<void> = Promise.resolve();

  constructor(
    readonly graph: DiTGraph,
    readonly plan: RunPlan,
    readonly request: PreviewRequest,
    readonly signal: AbortSignal | undefined,
    scope: BufferScope,
  ) {
    const { inChannels, inputSize } = graph.config;
    this.#sampleElements = inChannels * inputSize ** 2;
    const bytes = (1 + plan.labels.length) * this.#sampleElements * 4;
    this.#staging = scope.create('preview.read', bytes, GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST);
  }

  /** Encodes the copies of step `n`, if it is its turn. */
  afterStep(n: number, slicer: Slicer): void {
    const estimate = this.request.estimates.get(n);
    if (this.#busy || !estimate) return;
    this.#busy = true;
    const { latents, prediction, config } = this.graph;
    const bytes = this.#sampleElements * 4;
    const rowBytes = config.outChannels * config.inputSize ** 2 * 4;
    slicer.copy(latents, this.#staging, 0, bytes);
    this.plan.labels.forEach((_, row) => {
      slicer.copy(prediction, this.#staging, (row + 1) * bytes, bytes, row * rowBytes);
    });
    slicer.afterSubmit(() => {
      this.#latest = this.#deliver(n, estimate);
      // Whoever waits for the last one hears of it.
      this.#latest.catch(() => {});
    });
  }

  /** Waits for the callback of the last preview. @throws what it threw. */
  async settle(): Promise<void> {
    await this.#latest;
  }

  async #deliver(n: number, estimate: UpdateCoefficients): Promise<void> {
    // Fails only once the run is over or the device is gone, and the loop says that itself.
    const mapped = await this.#staging.mapAsync(GPUMapMode.READ).then(
      () => true,
      () => false,
    );
    if (!mapped) return;
    const size = this.#sampleElements;
    const values = new Float32Array(this.#staging.getMappedRange());
    const { inChannels, inputSize } = this.graph.config;
    const latents = updateLatents(
      values.subarray(0, size),
      values.subarray(size),
      {
        batch: this.plan.labels.length as 1 | 2,
        latentChannels: inChannels,
        modelChannels: inChannels,
        plane: inputSize ** 2,
      },
      this.plan.guidance,
      estimate,
    );
    this.#staging.unmap();
    // A callback that throws gets no more.
    if (!this.signal?.aborted) this.request.onPreview(n, latents);
    this.#busy = false;
  }
}
