import {
  type Branch,
  branchesOf,
  type Decider,
  latentGrid,
  latentPlane,
  type RunPlan,
  relativeChange,
  runsModel,
  type StepPlan,
  startDeciding,
  type TransformerConfig,
  tokenCount,
  tokenGrid,
} from '../packages/core/src/index.ts';
import { attentionReference, crossAttentionReference } from '../shaders/attention/reference.ts';
import { layerNormReference } from '../shaders/layer_norm/reference.ts';
import { type Activation, matmulReference } from '../shaders/matmul/reference.ts';
import { patchEmbedReference } from '../shaders/patch_embed/reference.ts';
import { samplerStepReference } from '../shaders/sampler_step/reference.ts';
import { selectTokensReference } from '../shaders/select_tokens/reference.ts';
import {
  attentionScoresReference,
  crossEntropyReference,
  valueNormReference,
} from '../shaders/token_scores/reference.ts';
import { unpatchifyReference } from '../shaders/unpatchify/reference.ts';
import { columns, transposed, weightedSum } from './matrices.ts';

/** The text of all rows, as the blocks read it. */
export interface ReferenceText {
  /** Tokens of each row, hidden ones among them. */
  readonly keys: number;
  /** `[batch, keys]`, 0 hides a token. */
  readonly mask: Uint32Array;
  /** `[batch, keys, 2, width]`. */
  readonly keysValues: (layer: number) => Float32Array;
}

/** What a step's blocks read besides the token state. */
export interface Conditions {
  readonly rows: number;
  /** Shift, scale and gate of attention, then of the MLP: `[rows, 6 x width]`. */
  readonly modulation: (layer: number) => Float32Array;
  /** Shift and scale of the final layer: `[rows, 2 x width]`. */
  readonly final: () => Float32Array;
  readonly text?: ReferenceText;
}

/** Makes each layer's once, when it is first asked for. */
export function perLayer<T>(make: (layer: number) => T): (layer: number) => T {
  const made: T[] = [];
  return (layer) => {
    made[layer] ??= make(layer);
    return made[layer];
  };
}

interface LayerState {
  /** Branch outputs of every full step so far, the latest first. */
  readonly features: readonly Record<Branch, Float32Array>[];
  readonly scores: Float32Array;
  readonly ages: Record<Branch, Uint32Array>;
}

/** What a run carries from step to step. */
interface RunState {
  readonly layers: LayerState[];
  /** What stands for the blocks of a skip. */
  stack: Float32Array;
  /** `n.layer.branch` -> ids per batch row, best first. */
  readonly tokens: Map<string, number[][]>;
  /** What probes measure against. */
  probed: Float32Array;
  readonly decider: Decider | undefined;
  /** Steps that a probe had skipped. */
  readonly skips: number[];
  /** What the probes that asked have measured. */
  readonly changes: number[];
}

type ReferenceStep = Pick<
  StepPlan,
  'kind' | 'n' | 'timestep' | 'mlpTokens' | 'crossTokens' | 'attnLayers' | 'forecast' | 'stack' | 'probe'
>;

interface BlockRun {
  readonly step: ReferenceStep;
  readonly selection: RunPlan['selection'];
  readonly conditions: Conditions;
  readonly state: RunState;
}

interface Computed {
  readonly output: Float32Array;
  /** What selections go by, where this branch decides it. */
  readonly scores: () => Float32Array;
}

export interface ReferenceResult {
  /** Latents after every step. */
  readonly latents: Float32Array[];
  /** `n.layer.branch` -> ids per batch row, best first. */
  readonly tokens: Map<string, number[][]>;
  /** Steps that a probe had skipped. */
  readonly skips: readonly number[];
  /** What the probes that asked have measured. */
  readonly changes: readonly number[];
}

/** First of a branch's shift, scale and gate in the modulation; cross-attention has none. */
const firstPart = { attn: 0, mlp: 3 } as const;

/**
 * A transformer and its cached steps, by definition: the f64 op references one after the other, no fusion, no slabs, no tables. Slow;
 * for tiny models.
 */
export abstract class ReferenceTransformer<Config extends TransformerConfig> {
  readonly #linears = new Map<string, { readonly weights: Float32Array; readonly bias: Float32Array }>();

  constructor(
    readonly config: Config,
    /** Tensors by original name, as PyTorch stores them. */
    readonly tensor: (name: string) => Float32Array,
  ) {}

  /** What is added to the tokens of a picture, `[tokens, width]`. */
  protected abstract positions(): Float32Array;

  /** One uncached forward of latents that all rows share. */
  protected once(sample: Float32Array, timestep: number, conditions: Conditions): Float32Array {
    const step = { kind: 'full', n: 0, timestep } as const;
    return this.#predict(sample, { step, selection: null, conditions, state: newState() });
  }

  /** @param noise `[noiseRows, channels, height, width]`, for a plan whose steps take some. */
  protected denoise(
    plan: RunPlan,
    init: Float32Array,
    conditionsAt: (timestep: number) => Conditions,
    noise?: Float32Array,
  ): ReferenceResult {
    const { config } = this;
    const { selection } = plan;
    const batch = plan.labels.length as 1 | 2;
    const state = newState(plan.decision && startDeciding(plan.decision));
    const latents: Float32Array[] = [];
    /** Of full steps, the latest first. */
    const predictions: Float32Array[] = [];
    let current = init;
    let x0 = new Float32Array(init.length);
    for (const step of plan.steps) {
      const predict = () => this.#predict(current, { step, selection, conditions: conditionsAt(step.timestep), state });
      const own = runsModel(step) ? [predict()] : [];
      if (step.kind === 'full' && !step.probe) predictions.unshift(...own);
      const prediction = step.predictions ? weightedSum(predictions, step.predictions) : (own[0] as Float32Array);
      const size = {
        batch,
        latentChannels: config.inChannels,
        modelChannels: config.outChannels,
        plane: latentPlane(config),
      };
      const { scale: guidanceScale, channels: guidanceChannels } = plan.guidance;
      const drawn = noise?.subarray(step.n * init.length);
      const values = { ...step, guidanceScale, guidanceChannels };
      const next = samplerStepReference({ latents: current, x0, noise: drawn }, prediction, size, values);
      current = Float32Array.from(next.latents);
      x0 = Float32Array.from(next.x0);
      latents.push(current);
    }
    const { tokens, skips, changes } = state;
    return { latents, tokens, skips, changes };
  }

  /** activation(input x weights + bias). */
  protected linear(name: string, input: Float32Array, activation: Activation = 'none'): Float32Array {
    const { weights, bias } = this.#linear(name);
    const N = bias.length;
    const K = weights.length / N;
    const size = { rows: input.length / K, K, N, activation };
    return Float32Array.from(matmulReference(input, weights, bias, size));
  }

  /** A linear as it is multiplied by, `[K, N]`: made once, since making it takes as long as using it. */
  #linear(name: string) {
    const known = this.#linears.get(name);
    if (known) return known;
    const bias = this.tensor(`${name}.bias`);
    const made = { weights: transposed(this.tensor(`${name}.weight`), bias.length), bias };
    this.#linears.set(name, made);
    return made;
  }

  #predict(latents: Float32Array, run: BlockRun): Float32Array {
    const { step, conditions, state } = run;
    let x = this.#embed(latents, conditions.rows);
    const embedded = x;
    let skipped = step.kind === 'skip' ? step.stack : undefined;
    let kept = step.kind === 'skip' ? undefined : step.stack;
    let before = x;
    for (let layer = 0; layer < this.config.depth; layer++) {
      if (step.probe && layer === kept?.first && this.#skips(x, embedded, run)) {
        skipped = kept;
        kept = undefined;
      }
      if (layer === kept?.first) before = x;
      if (skipped && layer === skipped.first) {
        x = skipped.keep === 'state' ? state.stack : x.map((v, i) => v + (state.stack[i] as number));
      }
      if (!skipped || layer < skipped.first || layer >= skipped.last) x = this.#block(layer, x, run);
      if (kept && layer === kept.last - 1) {
        state.stack = kept.keep === 'state' ? x : x.map((v, i) => v - (before[i] as number));
      }
    }
    return this.#final(x, conditions);
  }

  /** Measures the probe of a step where its stack begins, and asks. */
  #skips(hidden: Float32Array, embedded: Float32Array, { step, conditions, state }: BlockRun): boolean {
    const { probe } = step;
    const { normEps } = this.config;
    const now =
      probe?.at === 'input'
        ? this.#norm(hidden, conditions.modulation(0), firstPart.attn, normEps)
        : hidden.map((value, i) => value - (embedded[i] as number));
    let skip = false;
    if (probe?.asks) {
      const change = relativeChange(now, state.probed);
      state.changes.push(change);
      skip = state.decider?.decide(change) === true;
    } else state.decider?.computed();
    if (probe?.against === 'previous' || !skip) state.probed = now;
    if (skip) state.skips.push(step.n);
    return skip;
  }

  #block(layer: number, hidden: Float32Array, run: BlockRun): Float32Array {
    const { step, state, conditions, selection } = run;
    const outputs = {} as Record<Branch, Float32Array>;
    let scores = new Float32Array();
    let x = hidden;
    for (const branch of branchesOf(this.config)) {
      if (step.kind === 'full' || step.kind === 'skip') {
        const computed = this.#compute(layer, branch, x, run);
        outputs[branch] = computed.output;
        if (step.kind === 'full' && branch === scoringBranch(selection)) scores = Float32Array.from(computed.scores());
      } else outputs[branch] = this.#cached(layer, branch, x, run);
      x = this.#gatedSum(x, branch, conditions.modulation(layer), outputs[branch]);
    }
    if (step.kind === 'full') {
      const fresh = () => new Uint32Array(conditions.rows * tokenCount(this.config));
      const features = [outputs, ...(state.layers[layer]?.features ?? [])];
      state.layers[layer] = { features, scores, ages: { attn: fresh(), cross: fresh(), mlp: fresh() } };
    }
    return x;
  }

  /** What a branch adds at a step that reuses, forecasts, or recomputes some of it. */
  #cached(layer: number, branch: Branch, x: Float32Array, run: BlockRun): Float32Array {
    const { step, state, selection } = run;
    const tokens = tokenCount(this.config);
    const cached = state.layers[layer] as LayerState;
    const [latest] = cached.features as [LayerState['features'][number]];
    if (step.kind === 'forecast') {
      const { forecast: lists = [] } = step;
      const branches = branchesOf(this.config);
      const weights = lists[lists.length === 1 ? 0 : branches.length * layer + branches.indexOf(branch)] ?? [];
      return weightedSum(
        cached.features.map((features) => features[branch]),
        weights,
      );
    }
    const ages = step.kind === 'selective' || step.mlpTokens || step.crossTokens;
    const selected = {
      attn: step.attnLayers?.includes(layer) ? tokens : 0,
      cross: step.crossTokens?.[layer] ?? 0,
      mlp: step.mlpTokens?.[layer] ?? 0,
    }[branch];
    const chooses = branch !== 'attn' && selection !== null && selected < tokens;
    const ids = chooses && ages ? this.#select(cached, branch, run, selected) : [];
    if (ids.length > 0 && selected > 0) state.tokens.set(`${step.n}.${layer}.${branch}`, ids);
    if (selected === 0) return latest[branch];
    const all = Array.from({ length: tokens }, (_, token) => token);
    const { output, scores } = this.#compute(layer, branch, x, run);
    if (selected === tokens) cached.ages[branch].fill(0);
    const rescored = branch === 'cross' && scoringBranch(selection) === 'cross' ? scores() : undefined;
    const width = this.config.hiddenSize;
    for (let row = 0; row < run.conditions.rows; row++) {
      for (const id of ids[row] ?? all) {
        const at = row * tokens + id;
        latest[branch].set(output.subarray(at * width, (at + 1) * width), at * width);
        if (rescored) cached.scores[at] = rescored[at] as number;
      }
    }
    return latest[branch];
  }

  /** A branch's output before its gate, of all tokens. */
  #compute(layer: number, branch: Branch, x: Float32Array, { conditions, selection }: BlockRun): Computed {
    const { hiddenSize: C, numHeads: heads, normEps, mlpNormEps } = this.config;
    const size = { batch: conditions.rows, tokens: tokenCount(this.config), heads, headDim: C / heads };
    const name = `blocks.${layer}`;
    switch (branch) {
      case 'attn': {
        const input = this.#norm(x, conditions.modulation(layer), firstPart.attn, normEps);
        const qkv = this.linear(`${name}.attn.qkv`, input);
        const scores = selection?.score === 'attention' ? attentionScoresReference : valueNormReference;
        return {
          output: this.linear(`${name}.attn.proj`, Float32Array.from(attentionReference(qkv, size).output)),
          scores: () => Float32Array.from(scores(qkv, size)),
        };
      }
      case 'cross': {
        const { keys, mask, keysValues } = conditions.text as ReferenceText;
        const q = this.linear(`${name}.cross_attn.q_linear`, x);
        const kv = keysValues(layer);
        const { output } = crossAttentionReference(q, kv, mask, { ...size, keys });
        // Where rows choose together: both maps, each half of one map, of captions apart.
        const offset = 1 + (selection?.shareCfg && conditions.rows === 2 ? Math.LN2 : 0);
        const entropy = { ...size, queries: size.tokens, keys, offset };
        return {
          output: this.linear(`${name}.cross_attn.proj`, Float32Array.from(output)),
          scores: () => Float32Array.from(crossEntropyReference(q, kv, mask, entropy)),
        };
      }
      case 'mlp': {
        const input = this.#norm(x, conditions.modulation(layer), firstPart.mlp, mlpNormEps);
        const output = this.linear(`${name}.mlp.fc2`, this.linear(`${name}.mlp.fc1`, input, 'gelu'));
        return { output, scores: () => new Float32Array() };
      }
    }
  }

  #select(state: LayerState, branch: Branch, { selection, conditions }: BlockRun, selected: number): number[][] {
    if (!selection) throw new Error('a selective step needs a selection');
    const { score, bonus, shareCfg, staleness } = selection;
    const { ids, ages } = selectTokensReference(state.scores, state.ages[branch], {
      batch: conditions.rows,
      tokens: tokenCount(this.config),
      columns: tokenGrid(this.config).columns,
      planes: score === 'attention' ? this.config.numHeads : 1,
      selected,
      window: bonus?.window ?? 1,
      bonusRatio: bonus?.ratio ?? 0,
      shared: shareCfg,
      reset: false,
      aged: 0,
      sign: score === 'value-norm-negative' ? -1 : 1,
      staleness: staleness ? staleness.weight / staleness.period : 0,
    });
    state.ages[branch].set(ages);
    return ids;
  }

  #embed(latents: Float32Array, batch: number): Float32Array {
    const { inChannels: channels, patchSize: patch, hiddenSize: C } = this.config;
    const sample = new Float32Array(batch * latents.length);
    for (let b = 0; b < batch; b++) sample.set(latents, b * latents.length);
    const weights = transposed(this.tensor('x_embedder.proj.weight'), C);
    const bias = this.tensor('x_embedder.proj.bias');
    const size = { batch, channels, ...latentGrid(this.config), patch, C };
    return Float32Array.from(patchEmbedReference(sample, weights, bias, this.positions(), size));
  }

  #final(x: Float32Array, conditions: Conditions): Float32Array {
    const { config } = this;
    const output = this.linear('final_layer.linear', this.#norm(x, conditions.final(), 0, config.normEps));
    const { outChannels: channels, patchSize: patch } = config;
    const size = { batch: conditions.rows, channels, ...latentGrid(config), patch };
    return Float32Array.from(unpatchifyReference(output, size));
  }

  /** @param first the shift's place among the vectors of `modulation`; the scale is next to it. */
  #norm(x: Float32Array, modulation: Float32Array, first: number, epsilon: number): Float32Array {
    const C = this.config.hiddenSize;
    const tokens = tokenCount(this.config);
    const size = { rows: x.length / C, C, tokens, epsilon };
    const width = (modulation.length * tokens) / size.rows;
    const part = (i: number) => columns(modulation, width, i * C, C);
    return Float32Array.from(layerNormReference(x, part(first + 1), part(first), size));
  }

  #gatedSum(x: Float32Array, branch: Branch, modulation: Float32Array, value: Float32Array): Float32Array {
    const C = this.config.hiddenSize;
    if (branch === 'cross') return x.map((v, i) => v + (value[i] as number));
    const gate = columns(modulation, 6 * C, (firstPart[branch] + 2) * C, C);
    const perRow = tokenCount(this.config) * C;
    return x.map((v, i) => v + (gate[Math.floor(i / perRow) * C + (i % C)] as number) * (value[i] as number));
  }
}

/** The branch whose inner values selections go by. */
function scoringBranch(selection: RunPlan['selection']): Branch {
  return selection?.score === 'cross-entropy' ? 'cross' : 'attn';
}

function newState(decider?: Decider): RunState {
  const none = new Float32Array();
  return { layers: [], stack: none, tokens: new Map(), probed: none, decider, skips: [], changes: [] };
}
