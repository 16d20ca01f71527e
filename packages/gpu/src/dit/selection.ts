import { type Branch, type SelectionSpec, tokenGrid, WebDiTError } from '@webdit/core';
import * as kernels from '@webdit/shaders';
import type { BufferScope } from '../allocator.ts';
import type { Dispatch } from '../program.ts';
import type { DiTGraph } from './graph.ts';
import type { DiTOps } from './ops.ts';

/** By what the selections of a layer choose; its branches share it. */
export class LayerScores {
  /** `[batch, planes, tokens]`, written by full steps. */
  readonly buffer: GPUBuffer;
  /** Planes of a batch row, of which the mean counts. */
  readonly planes: number;
  readonly #all: GPUBuffer;

  /** @param all `[batch, tokens]`: every token's own id. */
  constructor(
    readonly layer: number,
    readonly spec: SelectionSpec,
    readonly ops: DiTOps,
    readonly graph: DiTGraph,
    all: GPUBuffer,
    scope: BufferScope,
  ) {
    this.planes = spec.score === 'attention' ? ops.config.numHeads : 1;
    this.buffer = scope.storage(`scores.${layer}`, ops.rows * this.planes);
    this.#all = all;
  }

  /** On the full steps that this layer's selections read, while qkv is still there. */
  afterAttention(): Dispatch[] {
    const { wide, logSumExp } = this.graph.work;
    if (this.spec.score === 'cross-entropy') return [];
    return this.spec.score === 'attention'
      ? this.ops.attentionScores(wide, logSumExp, this.buffer)
      : [this.ops.valueNorms(wide, this.buffer)];
  }

  /** On the same steps, and where a later one computes it for all tokens, while the queries of cross-attention are still there. */
  afterCross(): Dispatch[] {
    return this.spec.score === 'cross-entropy' ? [this.#entropy(this.#all, this.ops.tokens)] : [];
  }

  /** After a cross-attention of chosen tokens, whose scores change. */
  refresh(ids: GPUBuffer, selected: number): Dispatch[] {
    return this.spec.score === 'cross-entropy' ? [this.#entropy(ids, selected)] : [];
  }

  #entropy(ids: GPUBuffer, queries: number): Dispatch {
    const { caption, work } = this.graph;
    if (!caption) throw new RangeError('A model without cross-attention has no such scores');
    const { wide: q, logSumExp } = work;
    // s2 = (1 + H) / ||1 + H||. The rows of a CFG pair see disjoint keys: of their shared map H is the mean of theirs plus ln 2.
    const offset = 1 + (this.spec.shareCfg && this.ops.batch === 2 ? Math.LN2 : 0);
    const buffers = { q, logSumExp, ids, scores: this.buffer };
    return this.ops.crossEntropy(caption.layer(this.layer), buffers, { queries, offset });
  }
}

/**
 * Chooses the tokens that selective steps recompute in one branch of a layer. Must see the steps in denoising order: what a selection
 * does to the ages depends on the steps before it.
 */
export class LayerSelection {
  /** `[batch, tokens]`: the ids chosen last, best first. */
  readonly ids: GPUBuffer;
  /** `[batch, tokens]`: selective steps since the token was last recomputed. */
  readonly #ages: GPUBuffer;
  /** Selective steps that chose no token since `ages` was last written; the next selection adds them. */
  #aged = 0;
  /** Every token has been computed since `ages` was last written. */
  #stale = true;

  constructor(
    branch: Branch,
    readonly scores: LayerScores,
    readonly spec: SelectionSpec,
    readonly ops: DiTOps,
    scope: BufferScope,
  ) {
    const name = `${scores.layer}.${branch}`;
    this.#ages = scope.storage(`ages.${name}`, ops.rows);
    this.ids = scope.storage(`ids.${name}`, ops.rows);
  }

  /** Every token is computed at this step. */
  renew(): void {
    this.#stale = true;
    this.#aged = 0;
  }

  /** A selective step chooses no token here. */
  age(): void {
    this.#aged++;
  }

  /**
   * Writes the `selected` best tokens of each row to `ids`.
   * @throws WebDiTError `unsupported-config` for more tokens than the kernel sorts.
   */
  select(selected: number): Dispatch {
    const { tokens, batch } = this.ops;
    if (tokens > kernels.maxSelectTokens) {
      throw new WebDiTError(
        'unsupported-config',
        `Token selection handles ${kernels.maxSelectTokens} tokens, and this model has ${tokens}.`,
        'Use a schedule without selective steps.',
      );
    }
    const { score, staleness, bonus, shareCfg } = this.spec;
    const params = kernels.selectTokensParams({
      batch,
      tokens,
      columns: tokenGrid(this.ops.config).columns,
      planes: this.scores.planes,
      selected,
      window: bonus?.window ?? 1,
      shared: shareCfg,
      reset: this.#stale,
      aged: this.#aged,
      sign: score === 'value-norm-negative' ? -1 : 1,
      staleness: staleness ? staleness.weight / staleness.period : 0,
      bonusRatio: bonus?.ratio ?? 0,
    });
    this.#stale = false;
    this.#aged = 0;
    return this.ops.builder.add({
      kernel: kernels.selectTokensKernel,
      constants: kernels.selectTokensConstants(tokens),
      params,
      storage: [this.scores.buffer, this.#ages, this.ids],
      workgroups: kernels.selectTokensWorkgroups(batch),
      cost: batch * tokens * tokens,
    });
  }
}
