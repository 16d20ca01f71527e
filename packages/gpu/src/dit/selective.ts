import type { Branch, RunPlan, StepCompute } from '@webdit/core';
import type { BufferScope } from '../allocator.ts';
import type { Dispatch } from '../program.ts';
import type { FeatureCache } from './cache.ts';
import type { DiTGraph } from './graph.ts';
import { type DiTOps, whole } from './ops.ts';
import { LayerScores, LayerSelection } from './selection.ts';

/** Tokens a step recomputes in each branch of a layer. */
type BranchTokens = Readonly<Record<Branch, number>>;

/** Tokens of each batch row, the first `selected` of its `ids`. */
interface ChosenTokens {
  readonly ids: GPUBuffer;
  readonly selected: number;
}

/** Work from the token state to a branch's output: all but its last linear, and that. */
interface BranchWork {
  /** Input of the last linear, by its channels. */
  readonly input: GPUBuffer;
  readonly width: number;
  readonly name: string;
  /** @param rows of `input`; `chosen` where it holds no row of every token. */
  readonly compute: (rows: number, chosen?: ChosenTokens) => Dispatch[];
}

/**
 * The branches that selective steps compute anew, for all tokens or for some that are chosen, into the cache. Their residuals are left
 * to the sums that follow. Must see the steps in denoising order: how old tokens are depends on the steps before.
 */
export class SelectiveLayers {
  readonly #scores = new Map<number, LayerScores>();
  readonly #selections = new Map<string, LayerSelection>();
  readonly #memo = new Map<FeatureCache, Map<string, readonly Dispatch[]>>();

  constructor(
    readonly graph: DiTGraph,
    readonly ops: DiTOps,
    { steps, selection }: Pick<RunPlan, 'steps' | 'selection'>,
    scope: BufferScope,
  ) {
    const { tokens, rows, branches, config } = ops;
    const chooses = (layer: number, branch: Branch) =>
      steps.some((step) => {
        const k = this.tokensOf(step, layer)[branch];
        return k > 0 && k < tokens;
      });
    let all: GPUBuffer | undefined;
    for (let layer = 0; layer < config.depth; layer++) {
      for (const branch of branches.filter((branch) => chooses(layer, branch))) {
        if (!selection) throw new RangeError('A plan that chooses tokens needs a selection');
        all ??= allTokens(graph, scope, rows, tokens);
        const scores = this.#scores.get(layer) ?? new LayerScores(layer, selection, ops, graph, all, scope);
        this.#scores.set(layer, scores);
        this.#selections.set(`${layer}.${branch}`, new LayerSelection(branch, scores, selection, ops, scope));
      }
    }
  }

  /** Tokens of a layer that a step recomputes; self-attention has all or none. */
  tokensOf(step: Pick<StepCompute, 'attnLayers' | 'crossTokens' | 'mlpTokens'>, layer: number): BranchTokens {
    return {
      attn: step.attnLayers?.includes(layer) ? this.ops.tokens : 0,
      cross: step.crossTokens?.[layer] ?? 0,
      mlp: step.mlpTokens?.[layer] ?? 0,
    };
  }

  /** What a layer's selections go by; undefined where the plan chooses none. */
  scores(layer: number): LayerScores | undefined {
    return this.#scores.get(layer);
  }

  /** Undefined where the plan chooses no tokens. */
  selection(layer: number, branch: Branch): LayerSelection | undefined {
    return this.#selections.get(`${layer}.${branch}`);
  }

  /** Every token is computed at this step. */
  renew(): void {
    for (const selection of this.#selections.values()) selection.renew();
  }

  /** A selective step that chooses no token anywhere. */
  age(): void {
    for (const selection of this.#selections.values()) selection.age();
  }

  /** The outputs of `selected` tokens per row, into the cache. */
  compute(layer: number, branch: Branch, selected: number, cache: FeatureCache): readonly Dispatch[] {
    const { ops } = this;
    const selection = this.selection(layer, branch);
    const slot = cache.slot(layer, branch);
    const work = this.#work(layer, branch);
    if (selected === ops.tokens) {
      selection?.renew();
      const size = { rows: ops.rows, K: work.width, N: ops.config.hiddenSize };
      return this.#once(cache, `${layer}.${branch}`, () => [
        ...work.compute(ops.rows),
        ...ops.linear(work.name, work.input, slot, size),
      ]);
    }
    if (!selection) throw new RangeError(`Layer ${layer} was prepared for no selection`);
    const { ids } = selection;
    return [
      selection.select(selected),
      ...work.compute(ops.batch * selected, { ids, selected }),
      ...ops.scatterLinear(work.name, work.input, ids, work.width, selected, slot),
    ];
  }

  #work(layer: number, branch: Branch): BranchWork {
    const { ops, graph } = this;
    const { hidden, caption } = graph;
    const { normed, wide, logSumExp } = graph.work;
    const { hiddenSize: C, mlpHiddenSize: M } = ops.config;
    const into = whole(wide);
    switch (branch) {
      case 'attn': {
        const name = `blocks.${layer}.attn`;
        const compute = (rows: number) => [
          ops.norm(hidden, normed, ops.attentionNorm(layer)),
          ...ops.linear(`${name}.qkv`, normed, into, { rows, K: C, N: 3 * C }),
          ...ops.attention(wide, normed, logSumExp),
        ];
        return { input: normed, width: C, name: `${name}.proj`, compute };
      }
      case 'cross': {
        if (!caption) throw new RangeError('A model without cross-attention recomputes none');
        const name = `blocks.${layer}.cross_attn`;
        const compute: BranchWork['compute'] = (rows, chosen) => [
          ...(chosen ? [ops.gather(hidden, chosen.ids, normed, chosen.selected)] : []),
          ...ops.linear(`${name}.q_linear`, chosen ? normed : hidden, into, { rows, K: C, N: C }),
          ...ops.crossAttention(caption.layer(layer), wide, normed, logSumExp, rows / ops.batch),
          ...this.#rescore(layer, chosen),
        ];
        return { input: normed, width: C, name: `${name}.proj`, compute };
      }
      case 'mlp': {
        const name = `blocks.${layer}.mlp`;
        const place = ops.mlpNorm(layer);
        const compute: BranchWork['compute'] = (rows, chosen) => [
          chosen
            ? ops.normSelected(hidden, normed, place, chosen.ids, chosen.selected)
            : ops.norm(hidden, normed, place),
          ...ops.linear(`${name}.fc1`, normed, into, { rows, K: C, N: M, activation: 'gelu' }),
        ];
        return { input: wide, width: M, name: `${name}.fc2`, compute };
      }
    }
  }

  /** New scores of the tokens whose cross-attention is computed: the MLP chooses by them. */
  #rescore(layer: number, chosen: ChosenTokens | undefined): Dispatch[] {
    const scores = this.scores(layer);
    if (!scores) return [];
    return chosen ? scores.refresh(chosen.ids, chosen.selected) : scores.afterCross();
  }

  #once(cache: FeatureCache, key: string, make: () => readonly Dispatch[]): readonly Dispatch[] {
    const made = this.#memo.get(cache) ?? new Map<string, readonly Dispatch[]>();
    this.#memo.set(cache, made);
    const program = made.get(key) ?? make();
    made.set(key, program);
    return program;
  }
}

/** `[batch, tokens]`: every token's own id. */
function allTokens(graph: DiTGraph, scope: BufferScope, rows: number, tokens: number): GPUBuffer {
  const buffer = scope.storage('all_tokens', rows);
  const ids = Uint32Array.from({ length: rows }, (_, row) => row % tokens);
  graph.pipelines.device.queue.writeBuffer(buffer, 0, ids);
  return buffer;
}
