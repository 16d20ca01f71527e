import {
  type DiTConfig,
  type RunPlan,
  type StepPlan,
  timestepEmbedding,
  tokenCount,
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

interface LayerState {
  attn: Float32Array;
  mlp: Float32Array;
  scores: Float32Array;
  ages: Uint32Array;
}

interface ReferenceResult {
  /** Latents after every step. */
  readonly latents: Float32Array[];
  /** `n.layer` -> ids per batch row, best first. */
  readonly tokens: Map<string, number[][]>;
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
    return this.#predict({ kind: 'full', n: 0, timestep }, { labels: [label], selection: null }, sample, [], new Map());
  }

  run(plan: RunPlan, init: Float32Array): ReferenceResult {
    const { config } = this;
    const batch = plan.labels.length as 1 | 2;
    const tokens = new Map<string, number[][]>();
    const layers: LayerState[] = [];
    const latents: Float32Array[] = [];
    let current = init;
    for (const step of plan.steps) {
      const prediction = this.#predict(step, plan, current, layers, tokens);
      const size = {
        batch,
        latentChannels: config.inChannels,
        modelChannels: config.outChannels,
        plane: config.inputSize ** 2,
      };
      const { scale: guidanceScale, channels: guidanceChannels } = plan.guidance;
      current = Float32Array.from(
        samplerStepReference(current, prediction, size, {
          guidanceScale,
          guidanceChannels,
          sample: step.sample,
          prediction: step.prediction,
        }),
      );
      latents.push(current);
    }
    return { latents, tokens };
  }

  #predict(
    step: Pick<StepPlan, 'kind' | 'n' | 'timestep' | 'mlpTokens'>,
    plan: Pick<RunPlan, 'labels' | 'selection'>,
    latents: Float32Array,
    layers: LayerState[],
    tokens: Map<string, number[][]>,
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
    for (let layer = 0; layer < config.depth; layer++) {
      const name = `blocks.${layer}`;
      const modulation = this.#linear(`${name}.adaLN_modulation.1`, condition);
      const part = (i: number) => columns(modulation, 6 * C, i * C, C);
      const mlp = (input: Float32Array) =>
        this.#linear(`${name}.mlp.fc2`, this.#linear(`${name}.mlp.fc1`, input, 'gelu'));
      const mlpInput = () => this.#norm(x, part(4), part(3), config.mlpNormEps);
      if (step.kind === 'full') {
        const qkv = this.#linear(`${name}.attn.qkv`, this.#norm(x, part(1), part(0), config.normEps));
        const size = {
          batch,
          tokens: tokenCount(config),
          heads: config.numHeads,
          headDim: C / config.numHeads,
        };
        const attn = this.#linear(`${name}.attn.proj`, Float32Array.from(attentionReference(qkv, size).output));
        x = this.#gatedSum(x, part(2), attn);
        const mlpOutput = mlp(mlpInput());
        x = this.#gatedSum(x, part(5), mlpOutput);
        const byAttention = plan.selection?.score === 'attention';
        const scores = byAttention ? attentionScoresReference(qkv, size) : valueNormReference(qkv, size);
        const ages = new Uint32Array(batch * size.tokens);
        layers[layer] = { attn, mlp: mlpOutput, scores: Float32Array.from(scores), ages };
        continue;
      }
      const state = layers[layer] as LayerState;
      x = this.#gatedSum(x, part(2), state.attn);
      if (step.mlpTokens) {
        const selected = step.mlpTokens[layer] as number;
        const ids = this.#select(state, plan, selected);
        if (selected > 0) tokens.set(`${step.n}.${layer}`, ids);
        const fresh = mlp(mlpInput());
        ids.forEach((row, b) => {
          for (const id of row) {
            const at = (b * tokenCount(config) + id) * C;
            state.mlp.set(fresh.subarray(at, at + C), at);
          }
        });
      }
      x = this.#gatedSum(x, part(5), state.mlp);
    }
    return this.#final(x, condition, batch);
  }

  #select(state: LayerState, plan: Pick<RunPlan, 'labels' | 'selection'>, selected: number): number[][] {
    const spec = plan.selection;
    if (!spec) throw new Error('a selective step needs a selection');
    const batch = plan.labels.length;
    const { ids, ages } = selectTokensReference(state.scores, state.ages, {
      batch,
      tokens: tokenCount(this.config),
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
    const size = { batch, channels: inChannels, size: inputSize, patch: patchSize, C: hiddenSize };
    return Float32Array.from(patchEmbedReference(sample, weights, bias, this.tensor('pos_embed'), size));
  }

  #final(x: Float32Array, condition: Float32Array, batch: number): Float32Array {
    const { config } = this;
    const C = config.hiddenSize;
    const modulation = this.#linear('final_layer.adaLN_modulation.1', condition);
    const shift = columns(modulation, 2 * C, 0, C);
    const scale = columns(modulation, 2 * C, C, C);
    const output = this.#linear('final_layer.linear', this.#norm(x, scale, shift, config.normEps));
    const size = { batch, channels: config.outChannels, size: config.inputSize, patch: config.patchSize };
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
