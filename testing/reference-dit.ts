import {
  type Decider,
  type DiTConfig,
  type RunPlan,
  relativeChange,
  runsModel,
  type StepPlan,
  startDeciding,
  timestepEmbedding,
  tokenCount,
  tokenGrid,
} from '../packages/core/src/index.ts';
import { attentionReference } from '../shaders/attention/reference.ts';
import { conditionReference } from '../shaders/condition/reference.ts';
import { layerNormReference } from '../shaders/layer_norm/reference.ts';
import { type Activation, matmulReference } from '../shaders/matmul/reference.ts';
import { patchEmbedReference } from '../shaders/patch_embed/reference.ts';
import { samplerStepReference } from '../shaders/sampler_step/reference.ts';
import { selectTokensReference } from '../shaders/select_tokens/reference.ts';
import { attentionScoresReference, valueNormReference } from '../shaders/token_scores/reference.ts';
import { unpatchifyReference } from '../shaders/unpatchify/reference.ts';

/** Branch outputs of one layer at one full step. */
interface Features {
  attn: Float32Array;
  mlp: Float32Array;
}

interface LayerState {
  /** Of every full step so far, the latest first. */
  readonly features: readonly Features[];
  readonly scores: Float32Array;
  readonly ages: Uint32Array;
}

/** What a run carries from step to step. */
interface RunState {
  readonly layers: LayerState[];
  /** What stands for the blocks of a skip. */
  stack: Float32Array;
  /** `n.layer` -> ids per batch row, best first. */
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
  'kind' | 'n' | 'timestep' | 'mlpTokens' | 'attnLayers' | 'forecast' | 'stack' | 'probe'
>;

interface BlockRun {
  readonly step: ReferenceStep;
  readonly plan: Pick<RunPlan, 'labels' | 'selection'>;
  readonly condition: Float32Array;
  readonly state: RunState;
}

interface ReferenceResult {
  /** Latents after every step. */
  readonly latents: Float32Array[];
  /** `n.layer` -> ids per batch row, best first. */
  readonly tokens: Map<string, number[][]>;
  /** Steps that a probe had skipped. */
  readonly skips: readonly number[];
  /** What the probes that asked have measured. */
  readonly changes: readonly number[];
}

/**
 * A DiT with shared embedders and its cached steps, by definition: the f64 op references one after the other, no fusion, no
 * slabs, no tables. Slow; for tiny models.
 */
export class ReferenceDiT {
  constructor(
    readonly config: DiTConfig,
    /** Tensors by original name, as PyTorch stores them. */
    readonly tensor: (name: string) => Float32Array,
  ) {}

  /** One forward of one sample: `[channels, size, size]` -> `[outChannels, size, size]`. */
  forward(sample: Float32Array, timestep: number, label: number): Float32Array {
    return this.#predict({ kind: 'full', n: 0, timestep }, { labels: [label], selection: null }, sample, newState());
  }

  /** @param noise `[noiseRows, channels, size, size]`, for a plan whose steps take some. */
  run(plan: RunPlan, init: Float32Array, noise?: Float32Array): ReferenceResult {
    const { config } = this;
    const batch = plan.labels.length as 1 | 2;
    const state = newState(plan.decision && startDeciding(plan.decision));
    const latents: Float32Array[] = [];
    /** Of full steps, the latest first. */
    const predictions: Float32Array[] = [];
    let current = init;
    let x0 = new Float32Array(init.length);
    for (const step of plan.steps) {
      const own = runsModel(step) ? [this.#predict(step, plan, current, state)] : [];
      if (step.kind === 'full' && !step.probe) predictions.unshift(...own);
      const prediction = step.predictions ? weightedSum(predictions, step.predictions) : (own[0] as Float32Array);
      const size = {
        batch,
        latentChannels: config.inChannels,
        modelChannels: config.outChannels,
        plane: config.inputSize ** 2,
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

  #predict(
    step: ReferenceStep,
    plan: Pick<RunPlan, 'labels' | 'selection'>,
    latents: Float32Array,
    state: RunState,
  ): Float32Array {
    const { config } = this;
    const C = config.hiddenSize;
    const batch = plan.labels.length;
    const sinusoid = timestepEmbedding([step.timestep], config.frequencyEmbeddingSize, config.timestepDivisor);
    const time = this.#linear('t_embedder.mlp.2', this.#linear('t_embedder.mlp.0', sinusoid, 'silu'));
    const table = this.tensor('y_embedder.embedding_table.weight');
    const condition = Float32Array.from(
      conditionReference(
        time,
        table,
        plan.labels.map((label) => [0, label] as const),
        C,
      ),
    );
    let x = this.#embed(latents, batch);
    const embedded = x;
    let skipped = step.kind === 'skip' ? step.stack : undefined;
    let kept = step.kind === 'skip' ? undefined : step.stack;
    let before = x;
    for (let layer = 0; layer < config.depth; layer++) {
      if (step.probe && layer === kept?.first && this.#skips(step, x, embedded, condition, state)) {
        skipped = kept;
        kept = undefined;
      }
      if (layer === kept?.first) before = x;
      if (skipped && layer === skipped.first) {
        x = skipped.keep === 'state' ? state.stack : x.map((v, i) => v + (state.stack[i] as number));
      }
      if (!skipped || layer < skipped.first || layer >= skipped.last) {
        x = this.#block(layer, x, { step, plan, condition, state });
      }
      if (kept && layer === kept.last - 1) {
        state.stack = kept.keep === 'state' ? x : x.map((v, i) => v - (before[i] as number));
      }
    }
    return this.#final(x, condition, batch);
  }

  /** Measures the probe of a step where its stack begins, and asks. */
  #skips(
    { n, probe }: ReferenceStep,
    hidden: Float32Array,
    embedded: Float32Array,
    condition: Float32Array,
    state: RunState,
  ): boolean {
    const C = this.config.hiddenSize;
    const modulation = this.#linear('blocks.0.adaLN_modulation.1', condition);
    const now =
      probe?.at === 'input'
        ? this.#norm(hidden, columns(modulation, 6 * C, C, C), columns(modulation, 6 * C, 0, C), this.config.normEps)
        : hidden.map((value, i) => value - (embedded[i] as number));
    let skip = false;
    if (probe?.asks) {
      const change = relativeChange(now, state.probed);
      state.changes.push(change);
      skip = state.decider?.decide(change) === true;
    } else state.decider?.computed();
    if (probe?.against === 'previous' || !skip) state.probed = now;
    if (skip) state.skips.push(n);
    return skip;
  }

  #block(layer: number, hidden: Float32Array, { step, plan, condition, state }: BlockRun): Float32Array {
    const { config } = this;
    const C = config.hiddenSize;
    const tokens = tokenCount(config);
    const size = { batch: plan.labels.length, tokens, heads: config.numHeads, headDim: C / config.numHeads };
    const name = `blocks.${layer}`;
    const modulation = this.#linear(`${name}.adaLN_modulation.1`, condition);
    const part = (i: number) => columns(modulation, 6 * C, i * C, C);
    const qkvOf = (x: Float32Array) =>
      this.#linear(`${name}.attn.qkv`, this.#norm(x, part(1), part(0), config.normEps));
    const attention = (qkv: Float32Array) =>
      this.#linear(`${name}.attn.proj`, Float32Array.from(attentionReference(qkv, size).output));
    const mlp = (x: Float32Array) => {
      const input = this.#norm(x, part(4), part(3), config.mlpNormEps);
      return this.#linear(`${name}.mlp.fc2`, this.#linear(`${name}.mlp.fc1`, input, 'gelu'));
    };
    if (step.kind === 'full' || step.kind === 'skip') {
      const qkv = qkvOf(hidden);
      const attn = attention(qkv);
      const between = this.#gatedSum(hidden, part(2), attn);
      const mlpOutput = mlp(between);
      if (step.kind === 'full') {
        const byAttention = plan.selection?.score === 'attention';
        const scores = byAttention ? attentionScoresReference(qkv, size) : valueNormReference(qkv, size);
        const features = [{ attn, mlp: mlpOutput }, ...(state.layers[layer]?.features ?? [])];
        const ages = new Uint32Array(size.batch * tokens);
        state.layers[layer] = { features, scores: Float32Array.from(scores), ages };
      }
      return this.#gatedSum(between, part(5), mlpOutput);
    }
    const cached = state.layers[layer] as LayerState;
    const [latest] = cached.features as [Features];
    const value = (branch: keyof Features) => {
      if (step.kind !== 'forecast') return latest[branch];
      const lists = step.forecast ?? [];
      const weights = lists[lists.length === 1 ? 0 : 2 * layer + (branch === 'mlp' ? 1 : 0)] ?? [];
      const outputs = cached.features.map((features) => features[branch]);
      return weightedSum(outputs, weights);
    };
    if (step.attnLayers?.includes(layer)) latest.attn = attention(qkvOf(hidden));
    const x = this.#gatedSum(hidden, part(2), value('attn'));
    const selected = step.mlpTokens?.[layer] ?? 0;
    if (selected === tokens) {
      latest.mlp = mlp(x);
      cached.ages.fill(0);
    } else if (step.mlpTokens && plan.selection) {
      const ids = this.#select(cached, plan, selected);
      if (selected > 0) state.tokens.set(`${step.n}.${layer}`, ids);
      const fresh = mlp(x);
      ids.forEach((row, b) => {
        for (const id of row) {
          const at = (b * tokens + id) * C;
          latest.mlp.set(fresh.subarray(at, at + C), at);
        }
      });
    }
    return this.#gatedSum(x, part(5), value('mlp'));
  }

  #select(state: LayerState, plan: Pick<RunPlan, 'labels' | 'selection'>, selected: number): number[][] {
    const spec = plan.selection;
    if (!spec) throw new Error('a selective step needs a selection');
    const batch = plan.labels.length;
    const { ids, ages } = selectTokensReference(state.scores, state.ages, {
      batch,
      tokens: tokenCount(this.config),
      columns: tokenGrid(this.config).columns,
      planes: spec.score === 'attention' ? this.config.numHeads : 1,
      selected,
      window: spec.bonus?.window ?? 1,
      bonusRatio: spec.bonus?.ratio ?? 0,
      shared: spec.shareCfg,
      reset: false,
      aged: 0,
      sign: spec.score === 'value-norm-negative' ? -1 : 1,
      staleness: spec.staleness ? spec.staleness.weight / spec.staleness.period : 0,
    });
    state.ages.set(ages);
    return ids;
  }

  #embed(latents: Float32Array, batch: number): Float32Array {
    const { inChannels, inputSize, patchSize, hiddenSize } = this.config;
    const sample = new Float32Array(batch * latents.length);
    for (let b = 0; b < batch; b++) sample.set(latents, b * latents.length);
    const weights = transposed(this.tensor('x_embedder.proj.weight'), hiddenSize);
    const bias = this.tensor('x_embedder.proj.bias');
    const size = { batch, channels: inChannels, height: inputSize, width: inputSize, patch: patchSize, C: hiddenSize };
    return Float32Array.from(patchEmbedReference(sample, weights, bias, this.tensor('pos_embed'), size));
  }

  #final(x: Float32Array, condition: Float32Array, batch: number): Float32Array {
    const { config } = this;
    const C = config.hiddenSize;
    const modulation = this.#linear('final_layer.adaLN_modulation.1', condition);
    const shift = columns(modulation, 2 * C, 0, C);
    const scale = columns(modulation, 2 * C, C, C);
    const output = this.#linear('final_layer.linear', this.#norm(x, scale, shift, config.normEps));
    const { outChannels: channels, inputSize, patchSize: patch } = config;
    const size = { batch, channels, height: inputSize, width: inputSize, patch };
    return Float32Array.from(unpatchifyReference(output, size));
  }

  #norm(x: Float32Array, scale: Float32Array, shift: Float32Array, epsilon: number): Float32Array {
    const C = this.config.hiddenSize;
    const size = { rows: x.length / C, C, tokens: tokenCount(this.config), epsilon };
    return Float32Array.from(layerNormReference(x, scale, shift, size));
  }

  #gatedSum(x: Float32Array, gate: Float32Array, value: Float32Array): Float32Array {
    const C = this.config.hiddenSize;
    const perRow = tokenCount(this.config) * C;
    return x.map((v, i) => v + (gate[Math.floor(i / perRow) * C + (i % C)] as number) * (value[i] as number));
  }

  #linear(name: string, input: Float32Array, activation: Activation = 'none'): Float32Array {
    const weight = this.tensor(`${name}.weight`);
    const bias = this.tensor(`${name}.bias`);
    const N = bias.length;
    const K = weight.length / N;
    const size = { rows: input.length / K, K, N, activation };
    return Float32Array.from(matmulReference(input, transposed(weight, N), bias, size));
  }
}

function weightedSum(values: readonly Float32Array[], weights: readonly number[]): Float32Array {
  return (values[0] as Float32Array).map((_, i) =>
    weights.reduce((sum, weight, back) => sum + weight * (values[back]?.[i] as number), 0),
  );
}

function newState(decider?: Decider): RunState {
  const none = new Float32Array();
  return { layers: [], stack: none, tokens: new Map(), probed: none, decider, skips: [], changes: [] };
}

/** `[rows, K]` -> `[K, rows]`. */
function transposed(weight: Float32Array, rows: number): Float32Array {
  const K = weight.length / rows;
  return Float32Array.from(weight, (_, i) => weight[(i % rows) * K + Math.floor(i / rows)] as number);
}

/** Columns `from .. from + count` of a matrix with rows of `width`. */
function columns(matrix: Float32Array, width: number, from: number, count: number): Float32Array {
  const rows = matrix.length / width;
  return Float32Array.from({ length: rows * count }, (_, i) => {
    return matrix[Math.floor(i / count) * width + from + (i % count)] as number;
  });
}
