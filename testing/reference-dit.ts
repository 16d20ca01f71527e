import { type DiTConfig, type RunPlan, timestepEmbedding } from '../packages/core/src/index.ts';
import { conditionReference } from '../shaders/condition/reference.ts';
import { type Conditions, perLayer, type ReferenceResult, ReferenceTransformer } from './reference-transformer.ts';

/** A DiT with shared embedders, by definition. */
export class ReferenceDiT extends ReferenceTransformer<DiTConfig> {
  /** One forward of one sample: `[channels, size, size]` -> `[outChannels, size, size]`. */
  forward(sample: Float32Array, timestep: number, label: number): Float32Array {
    return this.once(sample, timestep, this.#conditions(timestep, [label]));
  }

  /** @param noise `[noiseRows, channels, size, size]`, for a plan whose steps take some. */
  run(plan: RunPlan, init: Float32Array, noise?: Float32Array): ReferenceResult {
    return this.denoise(plan, init, (timestep) => this.#conditions(timestep, plan.labels), noise);
  }

  protected positions(): Float32Array {
    return this.tensor('pos_embed');
  }

  /** adaLN-Zero. */
  #conditions(timestep: number, labels: readonly number[]): Conditions {
    const { hiddenSize, frequencyEmbeddingSize, timestepDivisor } = this.config;
    const sinusoid = timestepEmbedding([timestep], frequencyEmbeddingSize, timestepDivisor);
    const time = this.linear('t_embedder.mlp.2', this.linear('t_embedder.mlp.0', sinusoid, 'silu'));
    const table = this.tensor('y_embedder.embedding_table.weight');
    const pairs = labels.map((label) => [0, label] as const);
    const condition = Float32Array.from(conditionReference(time, table, pairs, hiddenSize));
    return {
      rows: labels.length,
      modulation: perLayer((layer) => this.linear(`blocks.${layer}.adaLN_modulation.1`, condition)),
      final: () => this.linear('final_layer.adaLN_modulation.1', condition),
    };
  }
}
