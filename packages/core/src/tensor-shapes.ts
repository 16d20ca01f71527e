import { type DiTConfig, type PixArtConfig, type TransformerConfig, tokenCount } from './model.ts';

export interface TensorShape {
  readonly name: string;
  readonly shape: readonly number[];
  /** A fixed buffer that the loader computes when the file leaves it out. */
  readonly optional?: boolean;
  /**
   * Whether int8 is for it: nearly all of a model, and no bias. What the first block makes of its input is what all others work on, so
   * its modulation and its widening layer stay as they are, as do the layers that touch the model's own input and output: rounding
   * them is what moved pictures most, per byte saved.
   */
  readonly int8?: boolean;
}

/** Name prefixes of the model's embedders: one set for all blocks, or one per block. */
export function embedderPrefixes(config: DiTConfig): string[] {
  return config.embeddersPerBlock ? Array.from({ length: config.depth }, (_, i) => `blocks.${i}.`) : [''];
}

const linear = (name: string, out: number, input: number, int8 = false): TensorShape[] => [
  { name: `${name}.weight`, shape: [out, input], ...(int8 ? { int8 } : {}) },
  { name: `${name}.bias`, shape: [out] },
];

const patchEmbed = ({ hiddenSize, inChannels, patchSize }: TransformerConfig): TensorShape[] => [
  { name: 'x_embedder.proj.weight', shape: [hiddenSize, inChannels, patchSize, patchSize] },
  { name: 'x_embedder.proj.bias', shape: [hiddenSize] },
];

const firstBlock = 'blocks.0';

const selfAttention = (block: string, c: number) => [
  ...linear(`${block}.attn.qkv`, 3 * c, c, true),
  ...linear(`${block}.attn.proj`, c, c, true),
];

const mlp = (block: string, c: number, { mlpHiddenSize }: TransformerConfig) => [
  ...linear(`${block}.mlp.fc1`, mlpHiddenSize, c, block !== firstBlock),
  ...linear(`${block}.mlp.fc2`, c, mlpHiddenSize, true),
];

const finalLinear = ({ patchSize, outChannels, hiddenSize }: TransformerConfig) =>
  linear('final_layer.linear', patchSize * patchSize * outChannels, hiddenSize);

/** Every tensor the graph reads, shapes as PyTorch stores them (`[out, in]` for linears): by original DiT or PixArt name. */
export function tensorShapes(config: TransformerConfig): TensorShape[] {
  return config.kind === 'pixart' ? pixArtTensorShapes(config) : ditTensorShapes(config);
}

/** Every tensor the graph reads, by original DiT name, shapes as PyTorch stores them (`[out, in]` for linears). */
export function ditTensorShapes(config: DiTConfig): TensorShape[] {
  const c = config.hiddenSize;
  const shapes: TensorShape[] = [
    { name: 'pos_embed', shape: [1, tokenCount(config), c], optional: true },
    ...patchEmbed(config),
    ...embedderPrefixes(config).flatMap((prefix) => [
      ...linear(`${prefix}t_embedder.mlp.0`, c, config.frequencyEmbeddingSize, true),
      ...linear(`${prefix}t_embedder.mlp.2`, c, c, true),
      { name: `${prefix}y_embedder.embedding_table.weight`, shape: [config.numClasses + 1, c], int8: true },
    ]),
  ];
  for (let i = 0; i < config.depth; i++) {
    const block = `blocks.${i}`;
    shapes.push(
      ...selfAttention(block, c),
      ...mlp(block, c, config),
      ...linear(`${block}.adaLN_modulation.1`, 6 * c, c, block !== firstBlock),
    );
  }
  shapes.push(...linear('final_layer.adaLN_modulation.1', 2 * c, c, true), ...finalLinear(config));
  return shapes;
}

/** Every tensor of a PixArt-alpha, by the original's name. Its positions are computed for the size of the run. */
export function pixArtTensorShapes(config: PixArtConfig): TensorShape[] {
  const c = config.hiddenSize;
  const shapes: TensorShape[] = [
    ...patchEmbed(config),
    ...linear('t_embedder.mlp.0', c, config.frequencyEmbeddingSize),
    ...linear('t_embedder.mlp.2', c, c),
    ...(config.sizeConditions ? ['csize_embedder', 'ar_embedder'] : []).flatMap((name) => [
      ...linear(`${name}.mlp.0`, c / 3, config.frequencyEmbeddingSize),
      ...linear(`${name}.mlp.2`, c / 3, c / 3),
    ]),
    ...linear('t_block.1', 6 * c, c),
    ...linear('y_embedder.y_proj.fc1', c, config.captionChannels),
    ...linear('y_embedder.y_proj.fc2', c, c),
  ];
  for (let i = 0; i < config.depth; i++) {
    const block = `blocks.${i}`;
    shapes.push(
      { name: `${block}.scale_shift_table`, shape: [6, c] },
      ...selfAttention(block, c),
      ...linear(`${block}.cross_attn.q_linear`, c, c, true),
      ...linear(`${block}.cross_attn.kv_linear`, 2 * c, c, true),
      ...linear(`${block}.cross_attn.proj`, c, c, true),
      ...mlp(block, c, config),
    );
  }
  shapes.push({ name: 'final_layer.scale_shift_table', shape: [2, c] }, ...finalLinear(config));
  return shapes;
}

/** Numbers that training found, fixed buffers left out. */
export function parameterCount(config: TransformerConfig): number {
  return tensorShapes(config)
    .filter(({ optional }) => optional !== true)
    .reduce((sum, { shape }) => sum + shape.reduce((size, length) => size * length, 1), 0);
}
