import type { StepProbe } from '@webdit/core';
import * as kernels from '@webdit/shaders';
import type { BufferScope } from '../allocator.ts';
import { bufferUsage, mapMode } from '../flags.ts';
import type { Dispatch } from '../program.ts';
import type { DiTOps } from './ops.ts';

/** Measures how far a token state has moved since another step: one scalar, which the loop waits for. */
export class ProbeBuffers {
  /** `[batch, tokens, width]`. */
  readonly now: GPUBuffer;
  readonly #reference: GPUBuffer;
  readonly #sums: GPUBuffer;
  readonly #staging: GPUBuffer;

  constructor(
    readonly ops: DiTOps,
    scope: BufferScope,
  ) {
    const elements = ops.rows * ops.config.hiddenSize;
    this.now = scope.storage('probe.now', elements);
    this.#reference = scope.storage('probe.reference', elements);
    this.#sums = scope.storage('probe.sums', 2);
    this.#staging = scope.create('probe.read', 8, bufferUsage.MAP_READ | bufferUsage.COPY_DST);
  }

  measure(): Dispatch {
    const elements = this.ops.rows * this.ops.config.hiddenSize;
    return this.ops.builder.add({
      kernel: kernels.relativeL1Kernel,
      params: kernels.relativeL1Params(elements),
      storage: [this.now, this.#reference, this.#sums],
      workgroups: [1, 1, 1],
      cost: 4 * elements,
    });
  }

  /** Makes the state of now the reference of later steps. */
  keep(): Dispatch {
    return this.ops.accumulate(this.now, this.#reference, { add: 1, keep: 0 });
  }

  /** Encodes the copy of the sums; call `read` when it has been submitted. */
  copy(slicer: { copy(from: GPUBuffer, to: GPUBuffer, toOffset: number, bytes: number): void }): void {
    slicer.copy(this.#sums, this.#staging, 0, 8);
  }

  /** The relative change. */
  async read(): Promise<number> {
    await this.#staging.mapAsync(mapMode.READ);
    const [difference = 0, size = 0] = new Float32Array(this.#staging.getMappedRange());
    this.#staging.unmap();
    return difference === 0 ? 0 : difference / size;
  }
}

/** A step with a probe: what comes before the decision, and what after it. */
export interface ProbedStep {
  readonly probe: StepProbe;
  readonly prefix: readonly Dispatch[];
  readonly computed: readonly Dispatch[];
  readonly skipped: readonly Dispatch[];
}
