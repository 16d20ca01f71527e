import { type SelectionSpec, WebDiTError } from '@webdit/core';
import * as kernels from '@webdit/shaders';
import type { BufferScope } from '../allocator.ts';
import type { Dispatch } from '../program.ts';
import type { DiTGraph } from './graph.ts';
import type { DiTOps } from './ops.ts';

/**
 * Chooses the tokens that selective steps recompute in one layer. Must see the steps in denoising order: what a selection does to
 * the ages depends on the steps before it.
 */
export class LayerSelection {
  /** `[batch, tokens]`: the ids chosen last, best first. */
  readonly ids: GPUBuffer;
  /** On the full steps that this layer's selections read, while qkv is still there. */
  readonly emitScores: readonly Dispatch[];
  /** `[batch, planes, tokens]`, written by full steps. */
  readonly #scores: GPUBuffer;
  /** `[batch, tokens]`: selective steps since the token was last recomputed. */
  readonly #ages: GPUBuffer;
  /** Selective steps that chose no token since `ages` was last written; the next selection adds them. */
  #aged = 0;
  /** Every token has been computed since `ages` was last written. */
  #stale = true;

  constructor(
    layer: number,
    readonly spec: SelectionSpec,
    readonly ops: DiTOps,
    { wide, logSumExp }: DiTGraph['work'],
    scope: BufferScope,
  ) {
    const { rows } = ops;
    this.#scores = scope.storage(`scores.${layer}`, rows * this.#planes);
    this.#ages = scope.storage(`ages.${layer}`, rows);
    this.ids = scope.storage(`ids.${layer}`, rows);
    this.emitScores =
      spec.score === 'attention'
        ? ops.attentionScores(wide, logSumExp, this.#scores)
        : [ops.valueNorms(wide, this.#scores)];
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
      planes: this.#planes,
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
      storage: [this.#scores, this.#ages, this.ids],
      workgroups: kernels.selectTokensWorkgroups(batch),
      cost: batch * tokens * tokens,
    });
  }

  get #planes(): number {
    return this.spec.score === 'attention' ? this.ops.config.numHeads : 1;
  }
}
