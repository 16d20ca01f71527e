import { latentPlane, type StepCompute } from '@webdit/core';
import type { BufferScope } from '../allocator.ts';
import type { Dispatch } from '../program.ts';
import type { DiTOps } from './ops.ts';

/** The model's predictions at the latest full steps, for steps that take a weighted sum of them in place of their own. */
export class PredictionHistory {
  /** A ring; each `[batch, outChannels, height, width]`. */
  readonly #kept: readonly GPUBuffer[];
  readonly #elements: number;
  #stored = 0;

  /** @param prediction what the model writes and the sampler reads. */
  constructor(
    steps: readonly StepCompute[],
    readonly ops: DiTOps,
    readonly prediction: GPUBuffer,
    scope: BufferScope,
  ) {
    this.#elements = ops.batch * ops.config.outChannels * latentPlane(ops.config);
    const depth = Math.max(0, ...steps.map(({ predictions = [] }) => predictions.length));
    this.#kept = Array.from({ length: depth }, (_, i) => scope.storage(`predictions.${i}`, this.#elements));
  }

  /** Where in the ring the newest is: with the weights, all that a sum depends on. */
  get place(): number {
    return this.#stored % Math.max(1, this.#kept.length);
  }

  /** Keeps what the model has just predicted, where any step reads predictions. */
  keep(): Dispatch[] {
    if (this.#kept.length === 0) return [];
    this.#stored++;
    return [this.ops.accumulate(this.prediction, this.#back(0), { add: 1, keep: 0 }, this.#elements)];
  }

  /** Puts the weighted sum in place of the prediction. */
  sum(weights: readonly number[]): Dispatch[] {
    return weights.map((add, back) =>
      this.ops.accumulate(this.#back(back), this.prediction, { add, keep: back === 0 ? 0 : 1 }, this.#elements),
    );
  }

  #back(steps: number): GPUBuffer {
    const kept = this.#kept[(this.#stored - 1 - steps) % this.#kept.length];
    if (!kept) throw new RangeError('A step reads predictions that no full step has made');
    return kept;
  }
}
