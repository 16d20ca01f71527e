import {
  type Branch,
  featureDepth,
  type RunPlan,
  type StackRange,
  type StepCompute,
  type StepPlan,
} from '@webdit/core';
import type { BufferScope } from '../allocator.ts';
import { type Dispatch, ProgramBuilder } from '../program.ts';
import { addBranch, type FeatureCache } from './cache.ts';
import { ForecastWeights } from './forecast-weights.ts';
import { type BlockProgram, type DiTGraph, type FinalProgram, wholeProgram } from './graph.ts';
import type { DiTOps } from './ops.ts';
import { PredictionHistory } from './predictions.ts';
import { ProbeBuffers, type ProbedStep } from './probe.ts';
import { LayerScores, LayerSelection } from './selection.ts';

/** The branches of which selective steps recompute some tokens, in the order of a block. */
const selectingBranches = ['cross', 'mlp'] as const;
type SelectingBranch = (typeof selectingBranches)[number];

/** Tokens a step recomputes in a branch of each layer. */
function tokensOf(
  { crossTokens = [], mlpTokens = [] }: Pick<StepCompute, 'crossTokens' | 'mlpTokens'>,
  branch: SelectingBranch,
) {
  return branch === 'mlp' ? mlpTokens : crossTokens;
}

/**
 * Turns the steps of a RunPlan into dispatch lists, before the loop. Must see the steps in denoising order: where branch outputs
 * lie, and how old tokens are, depends on the steps before.
 */
export class StepPrograms {
  readonly #ops: DiTOps;
  readonly #weights: ForecastWeights;
  readonly #scores = new Map<number, LayerScores>();
  readonly #selections = new Map<string, LayerSelection>();
  readonly #memo = new Map<string, readonly Dispatch[]>();
  readonly #probed = new Map<string, ProbedStep>();
  /** What stands for the blocks of a skip, `[batch, tokens, width]`. */
  readonly #stack: GPUBuffer | undefined;
  readonly #probe: ProbeBuffers | undefined;
  readonly #history: PredictionHistory;
  /** Full steps so far that stored their branch outputs; each takes the next cache in turn. */
  #stored = 0;

  constructor(
    readonly graph: DiTGraph,
    plan: RunPlan,
    scope: BufferScope,
  ) {
    const { steps, selection } = plan;
    const builder = new ProgramBuilder('run', graph.pipelines, scope);
    const ops = graph.ops.withBuilder(builder);
    this.#ops = ops;
    this.#history = new PredictionHistory(steps, ops, graph.prediction, scope);
    this.#weights = new ForecastWeights(steps, ops.entries, scope);
    if (steps.some(({ kind, probe }) => kind === 'skip' || probe)) {
      this.#stack = scope.storage('stack', ops.rows * ops.config.hiddenSize);
    }
    if (steps.some(({ probe }) => probe)) this.#probe = new ProbeBuffers(ops, scope);
    this.#prepareSelections(steps, selection, scope);
    if (featureDepth(steps) > graph.caches.length)
      throw new RangeError('The graph keeps too few features for this plan');
  }

  /** Token ids `[batch, tokens]` of a branch's latest selection; undefined when the plan never selects there. */
  ids(layer: number, branch: Branch): GPUBuffer | undefined {
    return this.#selection(layer, branch)?.ids;
  }

  #selection(layer: number, branch: Branch): LayerSelection | undefined {
    return this.#selections.get(`${layer}.${branch}`);
  }

  #prepareSelections(steps: readonly StepCompute[], selection: RunPlan['selection'], scope: BufferScope): void {
    const ops = this.#ops;
    const { tokens, rows } = ops;
    const chooses = (branch: SelectingBranch, layer: number) =>
      steps.some((step) => {
        const k = tokensOf(step, branch)[layer] ?? 0;
        return k > 0 && k < tokens;
      });
    let all: GPUBuffer | undefined;
    for (let layer = 0; layer < ops.config.depth; layer++) {
      for (const branch of selectingBranches.filter((branch) => chooses(branch, layer))) {
        if (!selection) throw new RangeError('A plan that chooses tokens needs a selection');
        if (!all) {
          all = scope.storage('all_tokens', rows);
          const ids = Uint32Array.from({ length: rows }, (_, row) => row % tokens);
          this.graph.pipelines.device.queue.writeBuffer(all, 0, ids);
        }
        const scores = this.#scores.get(layer) ?? new LayerScores(layer, selection, ops, this.graph, all, scope);
        this.#scores.set(layer, scores);
        this.#selections.set(`${layer}.${branch}`, new LayerSelection(branch, scores, selection, ops, scope));
      }
    }
  }

  /** Every step, in parts where a probe decides. */
  compileAll(steps: readonly StepPlan[]): (readonly Dispatch[] | ProbedStep)[] {
    return steps.map((step) => (step.probe ? this.compileProbed(step) : this.compile(step)));
  }

  /** Everything step `step` dispatches between its modulation table and its sampler update. */
  compile(step: StepPlan): readonly Dispatch[] {
    const { embed, final } = this.graph;
    const sums = wholeProgram(final.sum);
    switch (step.kind) {
      case 'full':
        return [...embed, ...this.#full(step), ...this.#history.keep(), ...this.#sum(step.predictions)];
      case 'reuse':
        if (step.mlpTokens || step.crossTokens) for (const selection of this.#selections.values()) selection.age();
        return [
          ...[...embed, ...this.#reuse(0, this.#ops.entries)],
          ...[...this.#keep(this.graph.config.depth, step.stack), ...sums],
        ];
      case 'selective':
        return [...embed, ...this.#selective(step), ...sums];
      case 'forecast':
        if (step.predictions) return this.#sum(step.predictions);
        return [...embed, ...this.#forecast(step), ...sums];
      case 'skip':
        return this.#skip(step.stack as StackRange);
    }
  }

  /** What the probes of this plan measure with. */
  get probe(): ProbeBuffers | undefined {
    return this.#probe;
  }

  /** A step whose probe decides, in the parts it runs in. */
  compileProbed({ n, probe, stack }: StepPlan): ProbedStep {
    const buffers = this.#probe;
    if (!probe || !stack || !buffers) throw new RangeError(`Step ${n} has no probe`);
    const { embed, blocks, hidden, work } = this.graph;
    const { first, last } = stack;
    return this.#onceProbed(JSON.stringify(['probe', probe, stack]), () => {
      const ops = this.#ops;
      const keep = buffers.keep();
      const take = (factors: { add: number; keep: number }) => ops.accumulate(hidden, buffers.now, factors);
      const before =
        probe.at === 'input'
          ? [
              ...embed,
              ...(blocks[0] ? [blocks[0].entry] : []),
              ops.accumulate(work.normed, buffers.now, { add: 1, keep: 0 }),
            ]
          : [
              ...[...embed, take({ add: -1, keep: 0 })],
              ...blocks.slice(0, first).flatMap(wholeProgram),
              ...[this.#pendingResidual(first - 1), take({ add: 1, keep: 1 })],
            ];
      const always = probe.against === 'previous' ? [keep] : [];
      const ifComputed = probe.against === 'computed' ? [keep] : [];
      return {
        probe,
        prefix: [...before, ...(probe.asks ? [buffers.measure()] : []), ...always],
        computed: [...ifComputed, ...this.#after(first, stack)],
        skipped: [ops.accumulate(this.#stackBuffer, hidden, { add: 1, keep: 1 }), ...this.#after(last)],
      };
    });
  }

  #full({ storesCache, scoreLayers, stack }: StepPlan): readonly Dispatch[] {
    for (const selection of this.#selections.values()) selection.renew();
    const { graph } = this;
    const place = this.#stored % Math.max(1, graph.caches.length);
    if (storesCache) this.#stored++;
    const key = JSON.stringify(['full', storesCache ? place : null, scoreLayers, stack]);
    return this.#once(key, () => {
      const blocks = (storesCache ? graph.cachingBlocks[place] : undefined) ?? graph.blocks;
      const final = (storesCache ? graph.final.cachingBlocks[place] : undefined) ?? graph.final.blocks;
      return [
        ...blocks.flatMap(({ entry, attention, cross, rest }, layer) => {
          const scores = scoreLayers?.includes(layer) ? this.#scores.get(layer) : undefined;
          return [
            ...[entry, ...this.#keep(layer, stack)],
            ...[...attention, ...(scores?.afterAttention() ?? [])],
            ...[...cross, ...(scores?.afterCross() ?? [])],
            ...rest,
          ];
        }),
        ...[final.entry, ...this.#keep(graph.config.depth, stack), ...final.rest],
      ];
    });
  }

  /** Sums of cached outputs, and real work where the step computes: one fused sum before each. */
  #selective({ attnLayers = [], stack, ...step }: StepPlan): Dispatch[] {
    const { depth } = this.graph.config;
    const dispatches: Dispatch[] = [];
    let summed = 0;
    const sumTo = (entry: number) => {
      dispatches.push(...this.#reuse(summed, entry));
      summed = entry;
    };
    for (let layer = 0; layer < depth; layer++) {
      if (attnLayers.includes(layer)) {
        sumTo(this.#ops.entryOf(layer, 'attn'));
        dispatches.push(...this.#attention(layer));
      }
      for (const branch of selectingBranches) {
        const selected = tokensOf(step, branch)[layer] ?? 0;
        if (selected === 0) {
          this.#selection(layer, branch)?.age();
          continue;
        }
        sumTo(this.#ops.entryOf(layer, branch));
        dispatches.push(...(branch === 'mlp' ? this.#mlp(layer, selected) : this.#cross(layer, selected)));
      }
    }
    sumTo(this.#ops.entries);
    return [...dispatches, ...this.#keep(depth, stack)];
  }

  /** Attention of every token, into the cache. The residual is left to the sum that follows. */
  #attention(layer: number): readonly Dispatch[] {
    const cache = this.#newest;
    return this.#once(`attention ${layer} ${this.#stored % this.graph.caches.length}`, () => {
      const { normed, wide, logSumExp } = this.graph.work;
      const ops = this.#ops;
      const { rows } = ops;
      const C = ops.config.hiddenSize;
      const name = `blocks.${layer}.attn`;
      return [
        ops.norm(this.graph.hidden, normed, ops.attentionNorm(layer)),
        ...ops.linear(`${name}.qkv`, normed, { buffer: wide, offset: 0 }, { rows, K: C, N: 3 * C }),
        ...ops.attention(wide, normed, logSumExp),
        ...ops.linear(`${name}.proj`, normed, cache.slot(layer, 'attn'), { rows, K: C, N: C }),
      ];
    });
  }

  /** MLP outputs of all tokens or of some that are chosen, into the cache. The residual is left to the sum that follows. */
  #mlp(layer: number, selected: number): readonly Dispatch[] {
    const { graph } = this;
    const ops = this.#ops;
    const { normed, wide } = graph.work;
    const { hiddenSize: C, mlpHiddenSize: M } = ops.config;
    const slot = this.#newest.slot(layer, 'mlp');
    const hiddenLayer = { buffer: wide, offset: 0 };
    const name = `blocks.${layer}.mlp`;
    const selection = this.#selection(layer, 'mlp');
    if (selected === ops.tokens) {
      selection?.renew();
      const { rows } = ops;
      return this.#once(`mlp ${layer} ${this.#stored % graph.caches.length}`, () => [
        ops.norm(graph.hidden, normed, ops.mlpNorm(layer)),
        ...ops.linear(`${name}.fc1`, normed, hiddenLayer, { rows, K: C, N: M, activation: 'gelu' }),
        ...ops.linear(`${name}.fc2`, wide, slot, { rows, K: M, N: C }),
      ]);
    }
    if (!selection) throw new RangeError(`Layer ${layer} was prepared for no selection`);
    const rows = ops.batch * selected;
    const { ids } = selection;
    return [
      selection.select(selected),
      ops.normSelected(graph.hidden, normed, ops.mlpNorm(layer), ids, selected),
      ...ops.linear(`${name}.fc1`, normed, hiddenLayer, { rows, K: C, N: M, activation: 'gelu' }),
      ...ops.scatterLinear(`${name}.fc2`, wide, ids, M, selected, slot),
    ];
  }

  /** Cross-attention of all tokens or of some that are chosen, into the cache. The residual is left to the sum that follows. */
  #cross(layer: number, selected: number): readonly Dispatch[] {
    const { graph } = this;
    const ops = this.#ops;
    const { hidden, caption } = graph;
    const { normed, wide, logSumExp } = graph.work;
    if (!caption) throw new RangeError('A model without cross-attention recomputes none');
    const C = ops.config.hiddenSize;
    const slot = this.#newest.slot(layer, 'cross');
    const name = `blocks.${layer}.cross_attn`;
    const rows = ops.batch * selected;
    const size = { rows, K: C, N: C };
    const query = (input: GPUBuffer) => [
      ...ops.linear(`${name}.q_linear`, input, { buffer: wide, offset: 0 }, size),
      ...ops.crossAttention(caption.layer(layer), wide, normed, logSumExp, selected),
    ];
    const selection = this.#selection(layer, 'cross');
    if (selected === ops.tokens) {
      selection?.renew();
      return this.#once(`cross ${layer} ${this.#stored % graph.caches.length}`, () => [
        ...query(hidden),
        ...ops.linear(`${name}.proj`, normed, slot, size),
      ]);
    }
    if (!selection) throw new RangeError(`Layer ${layer} was prepared for no selection`);
    const { ids, scores } = selection;
    return [
      selection.select(selected),
      ops.gather(hidden, ids, normed, selected),
      ...query(normed),
      ...scores.refresh(ids, selected),
      ...ops.scatterLinear(`${name}.proj`, normed, ids, C, selected, slot),
    ];
  }

  #sum(weights: readonly number[] | undefined): readonly Dispatch[] {
    if (!weights) return [];
    return this.#once(JSON.stringify(['predictions', this.#history.place, weights]), () => this.#history.sum(weights));
  }

  #forecast({ forecast = [] }: StepPlan): readonly Dispatch[] {
    const { hidden, caches } = this.graph;
    return this.#once(JSON.stringify(['forecast', this.#stored % caches.length, forecast]), () =>
      this.#weights
        .of(forecast)
        .flatMap((weights, back) =>
          weights ? this.#cacheOf(back).sum(this.#ops, hidden, 0, this.#ops.entries, weights) : [],
        ),
    );
  }

  /** The blocks before and after a range, and between them what stands for it. */
  #skip(range: StackRange): readonly Dispatch[] {
    const { graph } = this;
    const { first, last, keep } = range;
    return this.#once(JSON.stringify(['skip', range]), () => {
      const replace = this.#ops.accumulate(this.#stackBuffer, graph.hidden, { add: 1, keep: keep === 'state' ? 0 : 1 });
      if (keep === 'state') return [replace, ...wholeProgram(graph.final.sum)];
      const due = first > 0 ? [this.#pendingResidual(first - 1)] : [];
      return [
        ...graph.embed,
        ...graph.blocks.slice(0, first).flatMap(wholeProgram),
        ...[...due, replace],
        ...this.#after(last),
      ];
    });
  }

  /** The blocks from `first` on and the final layer, from a token state to which nothing is due. */
  #after(first: number, stack?: StackRange): Dispatch[] {
    const { blocks, final, hidden, work } = this.graph;
    const [block, ...others] = blocks.slice(first);
    if (!block) return wholeProgram(final.sum);
    const entry = this.#ops.norm(hidden, work.normed, this.#ops.attentionNorm(first));
    const programs: (FinalProgram & Partial<BlockProgram>)[] = [{ ...block, entry }, ...others, final.blocks];
    return programs.flatMap(({ entry, attention = [], cross = [], rest }, i) => [
      ...[entry, ...this.#keep(first + i, stack)],
      ...[...attention, ...cross, ...rest],
    ]);
  }

  /** What the MLP of `layer` owes the token state, which the norm of the next block would have added. */
  #pendingResidual(layer: number): Dispatch {
    const branch = { buffer: this.graph.work.branch, offset: 0, entry: this.#ops.entryOf(layer, 'mlp') };
    return addBranch(this.#ops, this.graph.hidden, branch, this.#weights.ones);
  }

  /** Keeps what a later skip puts in place of `range`; called where the token state is what enters block `layer`. */
  #keep(layer: number, range: StackRange | undefined): Dispatch[] {
    if (!range || !this.#stack) return [];
    const { hidden } = this.graph;
    const take = (factors: { add: number; keep: number }) => this.#ops.accumulate(hidden, this.#stackBuffer, factors);
    if (layer === range.last) return [take({ add: 1, keep: range.keep === 'state' ? 0 : 1 })];
    return layer === range.first && range.keep === 'residual' ? [take({ add: -1, keep: 0 })] : [];
  }

  #reuse(from: number, to: number): readonly Dispatch[] {
    const cache = this.#newest;
    return this.#once(JSON.stringify(['reuse', this.#stored % this.graph.caches.length, from, to]), () =>
      cache.sum(this.#ops, this.graph.hidden, from, to, this.#weights.ones),
    );
  }

  get #newest(): FeatureCache {
    return this.#cacheOf(0);
  }

  /** Branch outputs of the full step `back` before the latest that stored them. */
  #cacheOf(back: number): FeatureCache {
    const { caches } = this.graph;
    const cache = caches[(this.#stored - 1 - back) % caches.length];
    if (!cache) throw new RangeError('A step reads branch outputs that no full step has stored');
    return cache;
  }

  get #stackBuffer(): GPUBuffer {
    if (!this.#stack) throw new RangeError('A plan without skip steps keeps no stack');
    return this.#stack;
  }

  #onceProbed(key: string, make: () => ProbedStep): ProbedStep {
    const made = this.#probed.get(key) ?? make();
    this.#probed.set(key, made);
    return made;
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
