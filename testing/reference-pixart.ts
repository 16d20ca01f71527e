import {
  latentGrid,
  type PixArtConfig,
  positionEmbedding,
  type RunPlan,
  timestepEmbedding,
  tokenGrid,
} from '../packages/core/src/index.ts';
import type { TextConditions } from '../packages/gpu/src/index.ts';
import { adaLNSingleReference } from '../shaders/adaln_single/reference.ts';
import { conditionReference } from '../shaders/condition/reference.ts';
import {
  type Conditions,
  perLayer,
  type ReferenceResult,
  type ReferenceText,
  ReferenceTransformer,
} from './reference-transformer.ts';

/** A PixArt-alpha, by definition: captions padded, hidden tokens hidden by the mask. */
export class ReferencePixArt extends ReferenceTransformer<PixArtConfig> {
  /** One forward of latents that all rows share: `[channels, height, width]` -> `[rows, outChannels, height, width]`. */
  forward(sample: Float32Array, timestep: number, text: TextConditions): Float32Array {
    return this.once(sample, timestep, this.#conditions(text)(timestep));
  }

  run(plan: RunPlan, init: Float32Array, text: TextConditions): ReferenceResult {
    return this.denoise(plan, init, this.#conditions(text));
  }

  protected positions(): Float32Array {
    const { inputSize, patchSize, interpolationScale: scale, hiddenSize } = this.config;
    return positionEmbedding(
      { ...tokenGrid(this.config), trained: { side: inputSize / patchSize, scale } },
      hiddenSize,
    );
  }

  /** adaLN-single, and the text. */
  #conditions({ captions, resolution }: TextConditions): (timestep: number) => Conditions {
    const { hiddenSize: C } = this.config;
    const sizes = this.#sizes(resolution);
    const text = this.#text(captions);
    const rows = captions.length;
    return (timestep) => {
      const time = this.#embedder('t_embedder', [timestep]);
      const embed = (activation: 'none' | 'silu') =>
        Float32Array.from(conditionReference(time, sizes, Array(rows).fill([0, 0]), C, activation));
      const embedding = embed('none');
      const shared = this.linear('t_block.1', embed('silu'));
      const single = (name: string, vectors: number, source: Float32Array) => {
        const size = { rows, width: vectors * C, sourceWidth: source.length / rows };
        return Float32Array.from(adaLNSingleReference(this.tensor(`${name}.scale_shift_table`), source, size));
      };
      return {
        rows,
        modulation: perLayer((layer) => single(`blocks.${layer}`, 6, shared)),
        final: () => single('final_layer', 2, embedding),
        text,
      };
    };
  }

  /** `[width]`: height, width and aspect ratio a third each; zeros for models that are not told them. */
  #sizes(resolution: TextConditions['resolution']): Float32Array {
    const sizes = new Float32Array(this.config.hiddenSize);
    if (!this.config.sizeConditions) return sizes;
    const latents = latentGrid(this.config);
    const { height, width, aspectRatio } = resolution ?? { height: 8 * latents.height, width: 8 * latents.width };
    sizes.set(this.#embedder('csize_embedder', [height, width]));
    sizes.set(this.#embedder('ar_embedder', [aspectRatio ?? height / width]), (2 * sizes.length) / 3);
    return sizes;
  }

  #embedder(name: string, values: readonly number[]): Float32Array {
    const { frequencyEmbeddingSize, timestepDivisor } = this.config;
    const sinusoids = timestepEmbedding(values, frequencyEmbeddingSize, timestepDivisor);
    return this.linear(`${name}.mlp.2`, this.linear(`${name}.mlp.0`, sinusoids, 'silu'));
  }

  #text(captions: TextConditions['captions']): ReferenceText {
    const { captionChannels } = this.config;
    const lengths = captions.map(({ embeddings }) => embeddings.length / captionChannels);
    const keys = Math.max(...lengths);
    const padded = new Float32Array(captions.length * keys * captionChannels);
    const mask = new Uint32Array(captions.length * keys);
    captions.forEach(({ embeddings, mask: own }, row) => {
      padded.set(embeddings, row * keys * captionChannels);
      const tokens = Array.from({ length: lengths[row] as number }, (_, token) => (own ? Number(own[token]) : 1));
      mask.set(tokens.some((seen) => seen !== 0) ? tokens : tokens.fill(1), row * keys);
    });
    const projected = this.linear('y_embedder.y_proj.fc2', this.linear('y_embedder.y_proj.fc1', padded, 'gelu'));
    const keysValues = perLayer((layer) => this.linear(`blocks.${layer}.cross_attn.kv_linear`, projected));
    return { keys, mask, keysValues };
  }
}
