import { type Branch, featureDepth, type RunPlan, type StackRange, type StepPlan } from '@webdit/core';
import type { BufferScope } from '../allocator.ts';
import { type Dispatch, ProgramBuilder } from '../program.ts';
import { addBranch, type FeatureCache } from './cache.ts';
import { ForecastWeights } from './forecast-weights.ts';
import { type BlockProgram, type DiTGraph, type FinalProgram, wholeProgram } from './graph.ts';
import type { DiTOps } from './ops.ts';
import { PredictionHistory } from './predictions.ts';
import { ProbeBuffers, type ProbedStep } from './probe.ts';
import { SelectiveLayers } from './selective.ts';

/**
 * Turns the steps of a RunPlan into dispatch lists, before the loop. Must see the steps in denoising order: where branch outputs
 * lie, and how old tokens are, depends on the steps before.
 */
export class StepPrograms {
  readonly #ops: DiTOps;
  readonly #weights: ForecastWeights;
  readonly #selective: SelectiveLayers;
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
    const { steps } = plan;
    const builder = new ProgramBuilder('run', graph.pipelines, scope);
    const ops = graph.ops.withBuilder(builder);
    this.#ops = ops;
    this.#history = new PredictionHistory(steps, ops, graph.prediction, scope);
    this.#weights = new ForecastWeights(steps, ops.entries, scope);
    if (steps.some(({ kind, probe }) => kind === 'skip' || probe)) {
      this.#stack = scope.storage('stack', ops.rows * ops.config.hiddenSize);
    }
    if (steps.some(({ probe }) => probe)) this.#probe = new ProbeBuffers(ops, scope);
    this.#selective = new SelectiveLayers(graph, ops, plan, scope);
    if (featureDepth(steps) > graph.caches.length)
      throw new RangeError('The graph keeps too few features for this plan');
  }

  /** Token ids `[batch, tokens]` of a branch's latest selection; undefined when the plan never selects there. */
  ids(layer: number, branch: Branch): GPUBuffer | undefined {
    return this.#selective.selection(layer, branch)?.ids;
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
        if (step.mlpTokens || step.crossTokens) this.#selective.age();
        return [
          ...[...embed, ...this.#reuse(0, this.#ops.entries)],
          ...[...this.#keep(this.graph.config.depth, step.stack), ...sums],
        ];
      case 'selective':
        return [...embed, ...this.#selectiveStep(step), ...sums];
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
    this.#selective.renew();
    const { graph } = this;
    const place = this.#stored % Math.max(1, graph.caches.length);
    if (storesCache) this.#stored++;
    const key = JSON.stringify(['full', storesCache ? place : null, scoreLayers, stack]);
    return this.#once(key, () => {
      const blocks = (storesCache ? graph.cachingBlocks[place] : undefined) ?? graph.blocks;
      const final = (storesCache ? graph.final.cachingBlocks[place] : undefined) ?? graph.final.blocks;
      return [
        ...blocks.flatMap(({ entry, attention, cross, rest }, layer) => {
          const scores = scoreLayers?.includes(layer) ? this.#selective.scores(layer) : undefined;
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
  #selectiveStep({ stack, ...step }: StepPlan): Dispatch[] {
    const { depth } = this.graph.config;
    const dispatches: Dispatch[] = [];
    let summed = 0;
    const sumTo = (entry: number) => {
      dispatches.push(...this.#reuse(summed, entry));
      summed = entry;
    };
    for (let layer = 0; layer < depth; layer++) {
      const tokens = this.#selective.tokensOf(step, layer);
      for (const branch of this.#ops.branches) {
        if (tokens[branch] === 0) {
          this.#selective.selection(layer, branch)?.age();
          continue;
        }
        sumTo(this.#ops.entryOf(layer, branch));
        dispatches.push(...this.#selective.compute(layer, branch, tokens[branch], this.#newest));
      }
    }
    sumTo(this.#ops.entries);
    return [...dispatches, ...this.#keep(depth, stack)];
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
