import { type DiTConfig, ditTensorShapes, type TensorShape } from '@webdit/core';
import { ConfigReader, checkDivisibility } from './config-reader.ts';
import { type ExpectedTensor, partsOf, whole } from './tensor-map.ts';

/**
 * What diffusers says in the same keys of all transformers made of its `BasicTransformerBlock`. Missing keys take the defaults of
 * the constructor where older files leave them out.
 * @throws WebDiTError `unsupported-config`, naming the key.
 */
export function readDiffusersTransformer(reader: ConfigReader) {
  reader.fixed('activation_fn', 'gelu-approximate');
  reader.fixed('attention_bias', true);
  reader.fixed('norm_elementwise_affine', false);
  reader.fixed('attention_type', 'default');
  for (const off of ['use_linear_projection', 'only_cross_attention', 'double_self_attention'])
    reader.fixed(off, false);
  // These change precision and training only.
  reader.ignore('upcast_attention', 'dropout', 'norm_num_groups');

  const numHeads = reader.count('num_attention_heads');
  const hiddenSize = numHeads * reader.count('attention_head_dim');
  const inChannels = reader.count('in_channels');
  const outChannels = reader.count('out_channels', inChannels);
  if (outChannels !== inChannels && outChannels !== 2 * inChannels) {
    throw reader.fail(`has out_channels ${outChannels}, which is neither in_channels nor twice that`);
  }
  return {
    inputSize: reader.count('sample_size'),
    patchSize: reader.count('patch_size'),
    inChannels,
    outChannels,
    hiddenSize,
    depth: reader.count('num_layers'),
    numHeads,
    mlpHiddenSize: 4 * hiddenSize,
    learnSigma: outChannels !== inChannels,
    frequencyEmbeddingSize: 256,
    // The final layer's; no key changes it.
    normEps: 1e-6,
    guidanceChannels: inChannels,
  } as const;
}

/**
 * `transformer/config.json` of a diffusers DiT. What distinguishes it numerically is in `timestepDivisor`, `mlpNormEps` and
 * `guidanceChannels`.
 * @throws WebDiTError `unsupported-config`, naming the key.
 */
export function parseDiffusersConfig(json: unknown, path: string): DiTConfig {
  const reader = new ConfigReader(json, path);
  // Transformer2DModel is the class's name from before diffusers split it.
  reader.fixed('_class_name', 'DiTTransformer2DModel', 'Transformer2DModel');
  reader.fixed('norm_type', 'ada_norm_zero');
  const config: DiTConfig = {
    kind: 'dit',
    ...readDiffusersTransformer(reader),
    numClasses: reader.count('num_embeds_ada_norm'),
    timestepDivisor: 127,
    mlpNormEps: reader.positive('norm_eps', 1e-5),
    embeddersPerBlock: true,
  };
  reader.done();
  return checkDivisibility(config, path);
}

/** Original module name -> diffusers', inside a block; those of the blocks' linears. */
export const diffusersBlockModules: Readonly<Record<string, string>> = {
  'attn.proj': 'attn1.to_out.0',
  'mlp.fc1': 'ff.net.0.proj',
  'mlp.fc2': 'ff.net.2',
};

const blockModules: Readonly<Record<string, string>> = {
  ...diffusersBlockModules,
  'adaLN_modulation.1': 'norm1.linear',
  't_embedder.mlp.0': 'norm1.emb.timestep_embedder.linear_1',
  't_embedder.mlp.2': 'norm1.emb.timestep_embedder.linear_2',
  'y_embedder.embedding_table': 'norm1.emb.class_embedder.embedding_table',
};

const otherModules: Readonly<Record<string, string>> = {
  'x_embedder.proj': 'pos_embed.proj',
  'final_layer.adaLN_modulation.1': 'proj_out_1',
  'final_layer.linear': 'proj_out_2',
};

/** Diffusers' names; its q, k and v are thirds of the original's qkv. */
export function diffusersTensors(config: DiTConfig): ExpectedTensor[] {
  return ditTensorShapes(config).flatMap((target) =>
    target.name === 'pos_embed'
      ? [whole('pos_embed.pos_embed', target)]
      : diffusersSources(target, blockModules, otherModules),
  );
}

/** Parts of a block's linears that diffusers keeps apart, in the order in which the original joins them. */
const joined: Readonly<Record<string, readonly string[]>> = {
  'attn.qkv': ['attn1.to_q', 'attn1.to_k', 'attn1.to_v'],
  'cross_attn.kv_linear': ['attn2.to_k', 'attn2.to_v'],
};

/**
 * Diffusers' tensors that make up an original one.
 * @param inBlock original module name -> diffusers', inside a block.
 * @param others the same, of the whole name.
 */
export function diffusersSources(
  target: TensorShape,
  inBlock: Readonly<Record<string, string>>,
  others: Readonly<Record<string, string>>,
): ExpectedTensor[] {
  const dot = target.name.lastIndexOf('.');
  const module = target.name.slice(0, dot);
  const parameter = target.name.slice(dot + 1);
  const [, index, inner = ''] = /^blocks\.(\d+)\.(.*)$/.exec(module) ?? [];
  if (index === undefined) return [whole(`${others[module]}.${parameter}`, target)];
  const modules = joined[inner] ?? [inBlock[inner]];
  return partsOf(
    target,
    modules.map((name) => `transformer_blocks.${index}.${name}.${parameter}`),
  );
}
