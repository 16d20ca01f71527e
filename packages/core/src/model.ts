/**
 * What the engine must know about a DiT to run it. Built by `weights` from any of the folder layouts, consumed by the
 * planner and the GPU graph. Source of the numbers: Peebles and Xie, "Scalable Diffusion Models with Transformers".
 */
export interface DiTConfig {
  readonly kind: 'dit';
  /** Latent height and width, in latent pixels. */
  readonly inputSize: number;
  readonly patchSize: number;
  /** Latent channels the model reads. */
  readonly inChannels: number;
  /** Channels the model predicts: `inChannels`, or twice that with learned sigma. */
  readonly outChannels: number;
  readonly hiddenSize: number;
  readonly depth: number;
  readonly numHeads: number;
  /** MLP width, in channels (hidden size x MLP ratio). */
  readonly mlpHiddenSize: number;
  /** Real classes; the null class of classifier-free guidance has id `numClasses`. */
  readonly numClasses: number;
  readonly learnSigma: boolean;
  /** Length of the sinusoidal timestep embedding. */
  readonly frequencyEmbeddingSize: number;
  /** Divisor of the sinusoid's exponent: 128 for original DiT, 127 for diffusers (half the embedding, minus 0 or 1). */
  readonly timestepDivisor: number;
  /** LayerNorm epsilon before attention and in the final layer. */
  readonly normEps: number;
  /** LayerNorm epsilon before the MLP. Diffusers' DiT differs here. */
  readonly mlpNormEps: number;
  /**
   * Every block has timestep and label embedders of its own, as diffusers stores them (published checkpoints repeat the same
   * values, but nothing in the file says so). The final layer uses block 0's.
   */
  readonly embeddersPerBlock: boolean;
  /** Where CFG applies by default: 3 latent channels for original layouts with learned sigma, else all. */
  readonly guidanceChannels: number;
}

/** Tokens per picture. */
export function tokenCount(config: DiTConfig): number {
  return (config.inputSize / config.patchSize) ** 2;
}

/** Name prefixes of the model's embedders: one set for all blocks, or one per block. */
export function embedderPrefixes(config: DiTConfig): string[] {
  return config.embeddersPerBlock ? Array.from({ length: config.depth }, (_, i) => `blocks.${i}.`) : [''];
}

export interface TensorShape {
  readonly name: string;
  readonly shape: readonly number[];
  /** A fixed buffer that the loader computes when the file leaves it out. */
  readonly optional?: boolean;
}

/** Every tensor the graph reads, by original DiT name, shapes as PyTorch stores them (`[out, in]` for linears). */
export function ditTensorShapes(config: DiTConfig): TensorShape[] {
  const c = config.hiddenSize;
  const patch = config.patchSize;
  const linear = (name: string, out: number, input: number): TensorShape[] => [
    { name: `${name}.weight`, shape: [out, input] },
    { name: `${name}.bias`, shape: [out] },
  ];
  const shapes: TensorShape[] = [
    { name: 'pos_embed', shape: [1, tokenCount(config), c], optional: true },
    { name: 'x_embedder.proj.weight', shape: [c, config.inChannels, patch, patch] },
    { name: 'x_embedder.proj.bias', shape: [c] },
    ...embedderPrefixes(config).flatMap((prefix) => [
      ...linear(`${prefix}t_embedder.mlp.0`, c, config.frequencyEmbeddingSize),
      ...linear(`${prefix}t_embedder.mlp.2`, c, c),
      { name: `${prefix}y_embedder.embedding_table.weight`, shape: [config.numClasses + 1, c] },
    ]),
  ];
  for (let i = 0; i < config.depth; i++) {
    const block = `blocks.${i}`;
    shapes.push(
      ...linear(`${block}.attn.qkv`, 3 * c, c),
      ...linear(`${block}.attn.proj`, c, c),
      ...linear(`${block}.mlp.fc1`, config.mlpHiddenSize, c),
      ...linear(`${block}.mlp.fc2`, c, config.mlpHiddenSize),
      ...linear(`${block}.adaLN_modulation.1`, 6 * c, c),
    );
  }
  shapes.push(
    ...linear('final_layer.adaLN_modulation.1', 2 * c, c),
    ...linear('final_layer.linear', patch * patch * config.outChannels, c),
  );
  return shapes;
}

/** Numbers that training found, fixed buffers left out. */
export function parameterCount(config: DiTConfig): number {
  return ditTensorShapes(config)
    .filter(({ optional }) => optional !== true)
    .reduce((sum, { shape }) => sum + shape.reduce((size, length) => size * length, 1), 0);
}

/** The linears int8 is for, by a name of theirs: nearly all of a model, and none of those that touch its input or output. */
export function isBlockLinear(name: string): boolean {
  return /^blocks\.\d+\.(attn|mlp|adaLN_modulation)\./.test(name);
}
