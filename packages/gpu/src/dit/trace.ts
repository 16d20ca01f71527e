import { type Branch, latentPlane, type RunPlan } from '@webdit/core';
import type { BufferScope } from '../allocator.ts';
import { readFloats } from '../readback.ts';
import type { Slicer } from '../slicer.ts';
import type { DiTGraph } from './graph.ts';
import type { StepPrograms } from './programs.ts';

export interface TraceRequest {
  /** Keep the latents after every step: `[steps, channels, height, width]`. */
  readonly latents?: boolean;
  /** Steps whose token state entering the final layer is kept: `[batch, tokens, width]` each. */
  readonly hidden?: readonly number[];
  /** Keep the tokens every selective step recomputes. */
  readonly tokens?: boolean;
}

/** Tokens one selective step recomputed in a branch of one layer, best first, per batch row. */
export interface SelectedTokens {
  readonly n: number;
  readonly layer: number;
  readonly branch: Branch;
  readonly rows: readonly (readonly number[])[];
}

export interface Trace {
  readonly latents?: Float32Array;
  readonly hidden: ReadonlyMap<number, Float32Array>;
  readonly tokens: readonly SelectedTokens[];
}

interface TracedTokens {
  readonly n: number;
  readonly layer: number;
  readonly branch: Branch;
  readonly count: number;
  readonly source: GPUBuffer;
  readonly copy: GPUBuffer;
}

/** Keeps copies of a run's inner state on the GPU, so that looking at it does not make the loop wait. */
export class Tracer {
  readonly #latents: GPUBuffer | undefined;
  readonly #hidden: ReadonlyMap<number, GPUBuffer>;
  readonly #tokens: readonly TracedTokens[];

  constructor(
    readonly graph: DiTGraph,
    readonly plan: RunPlan,
    programs: StepPrograms,
    readonly scope: BufferScope,
    request: TraceRequest,
  ) {
    const hidden = (request.hidden ?? []).filter((n) => n < plan.steps.length);
    this.#latents = request.latents
      ? scope.storage('trace.latents', this.#latentElements * plan.steps.length)
      : undefined;
    this.#hidden = new Map(hidden.map((n) => [n, scope.storage(`trace.hidden.${n}`, this.#hiddenElements)] as const));
    this.#tokens = request.tokens
      ? plan.steps.flatMap(({ n, mlpTokens = [], crossTokens = [] }) =>
          Object.entries({ cross: crossTokens, mlp: mlpTokens }).flatMap(([name, counts]) =>
            counts.flatMap((count, layer) => {
              const branch = name as Branch;
              const chosen = count > 0 && count < graph.ops.tokens;
              const source = chosen ? programs.ids(layer, branch) : undefined;
              const copy = source && scope.storage(`trace.tokens.${n}.${layer}.${branch}`, graph.ops.rows);
              return source && copy ? [{ n, layer, branch, count, source, copy }] : [];
            }),
          ),
        )
      : [];
  }

  /** Encodes the copies that belong to the end of step `n`. */
  afterStep(n: number, slicer: Slicer): void {
    const latentBytes = this.#latentElements * 4;
    if (this.#latents) slicer.copy(this.graph.latents, this.#latents, n * latentBytes, latentBytes);
    const hidden = this.#hidden.get(n);
    if (hidden) slicer.copy(this.graph.hidden, hidden, 0, this.#hiddenElements * 4);
    for (const traced of this.#tokens) {
      if (traced.n === n) slicer.copy(traced.source, traced.copy, 0, this.graph.ops.rows * 4);
    }
  }

  async read(): Promise<Trace> {
    const { holder } = this.scope.allocator;
    const read = (buffer: GPUBuffer, elements: number) => readFloats(holder, this.scope, buffer, elements);
    const hidden = new Map<number, Float32Array>();
    for (const [n, buffer] of this.#hidden) hidden.set(n, await read(buffer, this.#hiddenElements));
    const tokens: SelectedTokens[] = [];
    const { batch, tokens: perRow, rows } = this.graph.ops;
    for (const { n, layer, branch, count, copy } of this.#tokens) {
      const ids = new Uint32Array((await read(copy, rows)).buffer);
      tokens.push({
        n,
        layer,
        branch,
        rows: Array.from({ length: batch }, (_, b) => [...ids.subarray(b * perRow, b * perRow + count)]),
      });
    }
    const traced = { hidden, tokens };
    if (!this.#latents) return traced;
    return { ...traced, latents: await read(this.#latents, this.#latentElements * this.plan.steps.length) };
  }

  get #latentElements(): number {
    const { config } = this.graph;
    return config.inChannels * latentPlane(config);
  }

  get #hiddenElements(): number {
    return this.graph.ops.rows * this.graph.config.hiddenSize;
  }
}
