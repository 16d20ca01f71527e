import { type RunPlan, type SelectionSpec, type StepPlan, WebDiTError } from '@webdit/core';
import * as kernels from '@webdit/shaders';
import type { BufferScope } from '../allocator.ts';
import { type Dispatch, ProgramBuilder } from '../program.ts';
import type { FeatureCache } from './cache.ts';
import type { DiTGraph } from './graph.ts';
import type { DiTOps } from './ops.ts';

/** What the selection of one layer works on. */
interface LayerSelection {
  /** `[batch, planes, tokens]`, written by full steps. */
  readonly scores: GPUBuffer;
  /** `[batch, tokens]`: selective steps since the token was last recomputed. */
  readonly ages: GPUBuffer;
  /** `[batch, tokens]`: the ids chosen last, best first. */
  readonly ids: GPUBuffer;
  readonly emitScores: readonly Dispatch[];
  /** Selective steps that chose no token since `ages` was last written; the next selection adds them. */
  aged: number;
  /** A full step has passed since `ages` was last written. */
  stale: boolean;
}

/**
 * Turns the steps of a RunPlan into dispatch lists, before the loop. Must see the steps in denoising order: what a selective
 * step does to the ages depends on the steps before it.
 */
export class StepPrograms {
  readonly #ops: DiTOps;
  readonly #layers = new Map<number, LayerSelection>();
  readonly #memo = new Map<string, readonly Dispatch[]>();
  readonly #selection: SelectionSpec | null;

  constructor(
    readonly graph: DiTGraph,
    plan: RunPlan,
    scope: BufferScope,
  ) {
    const builder = new ProgramBuilder('run', graph.pipelines, scope);
    this.#ops = graph.ops.withBuilder(builder);
    this.#selection = plan.selection;
    const layers = new Set(
      plan.steps.flatMap(({ mlpTokens }) => (mlpTokens ?? []).flatMap((k, l) => (k > 0 ? [l] : []))),
    );
    for (const layer of [...layers].sort((a, b) => a - b)) this.#layers.set(layer, this.#prepareLayer(layer, scope));
  }

  /** Token ids `[batch, tokens]` of a layer's latest selection; undefined when the plan never selects there. */
  ids(layer: number): GPUBuffer | undefined {
    return this.#layers.get(layer)?.ids;
  }

  /** Everything step `step` dispatches between its modulation table and its sampler update. */
  compile(step: StepPlan): readonly Dispatch[] {
    const { graph } = this;
    return [...graph.embed, ...this.#blocks(step), ...this.#final(step)];
  }

  #final({ kind, storesCache }: StepPlan): readonly Dispatch[] {
    const { final } = this.graph;
    if (kind !== 'full') return final.sum;
    return storesCache ? final.cachingBlocks : final.blocks;
  }

  #blocks(step: StepPlan): readonly Dispatch[] {
    if (step.kind === 'full') {
      for (const layer of this.#layers.values()) {
        layer.stale = true;
        layer.aged = 0;
      }
      return this.#once(`full ${step.storesCache} ${step.scoreLayers?.join()}`, () => this.#full(step));
    }
    if (step.kind === 'reuse') {
      if (step.mlpTokens) for (const layer of this.#layers.values()) layer.aged++;
      return this.#once('reuse', () => this.#reuse(0, this.#entries));
    }
    if (step.kind === 'selective') return this.#selective(step);
    throw new RangeError(`A DiT run cannot execute a step of kind ${step.kind}`);
  }

  #full({ storesCache, scoreLayers }: StepPlan): Dispatch[] {
    const blocks = storesCache ? this.graph.cachingBlocks : this.graph.blocks;
    return blocks.flatMap(({ attention, rest }, layer) => {
      const scored = scoreLayers?.includes(layer) ? this.#layers.get(layer) : undefined;
      return [...attention, ...(scored?.emitScores ?? []), ...rest];
    });
  }

  /** One fused prefix up to the first recomputed MLP, then each deep layer's real work and the sums it feeds. */
  #selective({ mlpTokens = [] }: StepPlan): Dispatch[] {
    const dispatches: Dispatch[] = [];
    let summed = 0;
    for (const [layer, selection] of this.#layers) {
      const selected = mlpTokens[layer] ?? 0;
      if (selected === 0) {
        selection.aged++;
        continue;
      }
      const mlp = this.#cache.entry(layer, 'mlp');
      dispatches.push(...this.#reuse(summed, mlp), ...this.#recompute(layer, selection, selected));
      summed = mlp;
    }
    return [...dispatches, ...this.#reuse(summed, this.#entries)];
  }

  /** Selects tokens, and puts their MLP outputs into the cache. The residual is left to the sum that follows. */
  #recompute(layer: number, selection: LayerSelection, selected: number): Dispatch[] {
    const { normed, wide } = this.graph.work;
    const { config, batch } = this.#ops;
    const C = config.hiddenSize;
    const { ids } = selection;
    const mlp = config.mlpHiddenSize;
    const name = `blocks.${layer}.mlp`;
    return [
      this.#select(selection, selected),
      this.#ops.normSelected(this.graph.hidden, normed, this.#ops.mlpNorm(layer), ids, selected),
      ...this.#ops.linear(
        `${name}.fc1`,
        normed,
        { buffer: wide, offset: 0 },
        { rows: batch * selected, K: C, N: mlp, activation: 'gelu' },
      ),
      ...this.#ops.scatterLinear(`${name}.fc2`, wide, ids, mlp, selected, this.#cache.slot(layer, 'mlp')),
    ];
  }

  #select(selection: LayerSelection, selected: number): Dispatch {
    const { tokens, batch } = this.#ops;
    if (tokens > kernels.maxSelectTokens) {
      throw new WebDiTError(
        'unsupported-config',
        `Token selection handles ${kernels.maxSelectTokens} tokens, and this model has ${tokens}.`,
        'Use a schedule without selective steps.',
      );
    }
    const { score, staleness, bonus, shareCfg } = this.#spec;
    const params = kernels.selectTokensParams({
      batch,
      tokens,
      planes: this.#planes,
      selected,
      window: bonus?.window ?? 1,
      shared: shareCfg,
      reset: selection.stale,
      aged: selection.aged,
      sign: score === 'value-norm-negative' ? -1 : 1,
      staleness: staleness ? staleness.weight / staleness.period : 0,
      bonusRatio: bonus?.ratio ?? 0,
    });
    selection.stale = false;
    selection.aged = 0;
    return this.#ops.builder.add({
      kernel: kernels.selectTokensKernel,
      constants: kernels.selectTokensConstants(tokens),
      params,
      storage: [selection.scores, selection.ages, selection.ids],
      workgroups: kernels.selectTokensWorkgroups(batch),
      cost: batch * tokens * tokens,
    });
  }

  #reuse(from: number, to: number): Dispatch[] {
    return this.#cache.sum(this.#ops, this.graph.hidden, from, to);
  }

  #prepareLayer(layer: number, scope: BufferScope): LayerSelection {
    const { rows } = this.#ops;
    const { wide, logSumExp } = this.graph.work;
    const scores = scope.storage(`scores.${layer}`, rows * this.#planes);
    return {
      scores,
      ages: scope.storage(`ages.${layer}`, rows),
      ids: scope.storage(`ids.${layer}`, rows),
      emitScores:
        this.#spec.score === 'attention'
          ? this.#ops.attentionScores(wide, logSumExp, scores)
          : [this.#ops.valueNorms(wide, scores)],
      aged: 0,
      stale: true,
    };
  }

  get #spec(): SelectionSpec {
    if (!this.#selection) throw new RangeError('A plan with selective steps needs a selection');
    return this.#selection;
  }

  get #planes(): number {
    return this.#spec.score === 'attention' ? this.graph.config.numHeads : 1;
  }

  get #cache(): FeatureCache {
    if (!this.graph.cache) throw new RangeError('A plan with reuse steps needs a feature cache');
    return this.graph.cache;
  }

  get #entries(): number {
    return this.#cache.entry(this.graph.config.depth, 'attn');
  }

  #once(key: string, make: () => readonly Dispatch[]): readonly Dispatch[] {
    let made = this.#memo.get(key);
    if (!made) {
      made = make();
      this.#memo.set(key, made);
    }
    return made;
  }
}
