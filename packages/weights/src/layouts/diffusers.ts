import { type DiTConfig, ditTensorShapes, type TensorShape } from '@webdit/core';
import { elementCount } from '../safetensors/dtypes.ts';
import { ConfigReader, checkDivisibility } from './config-reader.ts';
import { type ExpectedTensor, whole } from './tensor-map.ts';

/**
 * `transformer/config.json` of a diffusers DiT. Missing keys take the defaults of its constructor where older files leave
 * them out; what distinguishes it numerically is in `timestepDivisor`, `mlpNormEps` and `guidanceChannels`.
 * @throws WebDiTError `unsupported-config`, naming the key.
 */
export function parseDiffusersConfig(json: unknown, path: string): DiTConfig {
  const reader = new ConfigReader(json, path);
  // Transformer2DModel is the class's name from before diffusers split it.
  reader.fixed('_class_name', 'DiTTransformer2DModel', 'Transformer2DModel');
  reader.fixed('norm_type', 'ada_norm_zero');
  reader.fixed('activation_fn', 'gelu-approximate');
  reader.fixed('attention_bias', true);
  reader.fixed('norm_elementwise_affine', false);
  reader.fixed('attention_type', 'default');
  for (const off of ['use_linear_projection', 'only_cross_attention', 'double_self_attention'])
    reader.fixed(off, false);
  // These two change precision and training only.
  reader.ignore('upcast_attention', 'dropout', 'norm_num_groups');

  const numHeads = reader.count('num_attention_heads');
  const hiddenSize = numHeads * reader.count('attention_head_dim');
  const inChannels = reader.count('in_channels');
  const outChannels = reader.count('out_channels', inChannels);
  if (outChannels !== inChannels && outChannels !== 2 * inChannels) {
    throw reader.fail(`has out_channels ${outChannels}, which is neither in_channels nor twice that`);
  }
  const config: DiTConfig = {
    kind: 'dit',
    inputSize: reader.count('sample_size'),
    patchSize: reader.count('patch_size'),
    inChannels,
    outChannels,
    hiddenSize,
    depth: reader.count('num_layers'),
    numHeads,
    mlpHiddenSize: 4 * hiddenSize,
    numClasses: reader.count('num_embeds_ada_norm'),
    learnSigma: outChannels !== inChannels,
    frequencyEmbeddingSize: 256,
    timestepDivisor: 127,
    normEps: 1e-6,
    mlpNormEps: reader.positive('norm_eps', 1e-5),
    embeddersPerBlock: true,
    guidanceChannels: inChannels,
  };
  reader.done();
  return checkDivisibility(config, path);
}

/** Original module name -> diffusers', inside a block. */
const blockModules: Readonly<Record<string, string>> = {
  'attn.proj': 'attn1.to_out.0',
  'mlp.fc1': 'ff.net.0.proj',
  'mlp.fc2': 'ff.net.2',
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
  return ditTensorShapes(config).flatMap(expectedTensors);
}

function expectedTensors(target: TensorShape): ExpectedTensor[] {
  if (target.name === 'pos_embed') return [whole('pos_embed.pos_embed', target)];
  const dot = target.name.lastIndexOf('.');
  const module = target.name.slice(0, dot);
  const parameter = target.name.slice(dot + 1);
  const [, index, inner = ''] = /^blocks\.(\d+)\.(.*)$/.exec(module) ?? [];
  if (inner === 'attn.qkv') {
    return ['to_q', 'to_k', 'to_v'].map((part, i) =>
      third(`transformer_blocks.${index}.attn1.${part}.${parameter}`, target, i),
    );
  }
  const source = index === undefined ? otherModules[module] : `transformer_blocks.${index}.${blockModules[inner]}`;
  return [whole(`${source}.${parameter}`, target)];
}

function third(source: string, { name, shape }: TensorShape, index: number): ExpectedTensor {
  const [rows = 0, ...rest] = shape;
  const partShape = [rows / 3, ...rest];
  const count = elementCount(partShape);
  return {
    source,
    shape: partShape,
    target: { name, shape, elementOffset: index * count, elementCount: count },
    optional: false,
  };
}
