import { type PixArtConfig, pixArtTensorShapes, tokenCount } from '@webdit/core';
import { ConfigReader, checkDivisibility } from './config-reader.ts';
import { diffusersBlockModules, diffusersSources, readDiffusersTransformer } from './diffusers.ts';
import { type ExpectedTensor, unread, whole } from './tensor-map.ts';

/** Tokens of a caption that PixArt-alpha was trained with. Source: the original's `config.model_max_length`. */
export const pixArtCaptionTokens = 120;

/**
 * `transformer/config.json` of a diffusers PixArt-alpha. Missing keys take the defaults of its constructor where older files leave
 * them out: a model of 1024 pixels has conditions of size unless it says otherwise, and positions are scaled by what it has over
 * 512 pixels.
 * @throws WebDiTError `unsupported-config`, naming the key.
 */
export function parseDiffusersPixArt(json: unknown, path: string): PixArtConfig {
  const reader = new ConfigReader(json, path);
  // Transformer2DModel is the class's name from before diffusers split it.
  reader.fixed('_class_name', 'PixArtTransformer2DModel', 'Transformer2DModel');
  reader.fixed('norm_type', 'ada_norm_single');
  reader.fixed('num_vector_embeds', null, false);
  // The final layer has this epsilon whatever the key says.
  reader.fixed('norm_eps', 1e-6);
  // How many timesteps there may be, which the scheduler says.
  reader.ignore('num_embeds_ada_norm');
  // What a trainer's moving average leaves behind.
  reader.ignore('decay', 'inv_gamma', 'min_decay', 'optimization_step', 'power', 'update_after_step', 'use_ema_warmup');

  const transformer = readDiffusersTransformer(reader);
  const { inputSize, hiddenSize, normEps } = transformer;
  const crossWidth = reader.count('cross_attention_dim', 1152);
  if (crossWidth !== hiddenSize) {
    throw reader.fail(`has cross_attention_dim ${crossWidth}, but projects captions to width ${hiddenSize}`);
  }
  const sizeConditions = reader.has('use_additional_conditions')
    ? reader.boolean('use_additional_conditions')
    : inputSize === 128;
  const config: PixArtConfig = {
    kind: 'pixart',
    ...transformer,
    latentHeight: inputSize,
    latentWidth: inputSize,
    timestepDivisor: 128,
    mlpNormEps: normEps,
    captionChannels: reader.count('caption_channels'),
    maxCaptionTokens: pixArtCaptionTokens,
    sizeConditions,
    interpolationScale: reader.positive('interpolation_scale', Math.max(Math.floor(inputSize / 64), 1)),
  };
  reader.done();
  return checkDivisibility(config, path);
}

/** What `parseDiffusersPixArt` reads as `config`, for one of its family. */
export function diffusersPixArtConfig(config: PixArtConfig): Record<string, unknown> {
  return {
    _class_name: 'PixArtTransformer2DModel',
    activation_fn: 'gelu-approximate',
    attention_bias: true,
    attention_head_dim: config.hiddenSize / config.numHeads,
    attention_type: 'default',
    caption_channels: config.captionChannels,
    cross_attention_dim: config.hiddenSize,
    in_channels: config.inChannels,
    interpolation_scale: config.interpolationScale,
    norm_elementwise_affine: false,
    norm_eps: config.normEps,
    norm_type: 'ada_norm_single',
    num_attention_heads: config.numHeads,
    num_embeds_ada_norm: 1000,
    num_layers: config.depth,
    out_channels: config.outChannels,
    patch_size: config.patchSize,
    sample_size: config.inputSize,
    use_additional_conditions: config.sizeConditions,
  };
}

const blockModules: Readonly<Record<string, string>> = {
  ...diffusersBlockModules,
  'cross_attn.q_linear': 'attn2.to_q',
  'cross_attn.proj': 'attn2.to_out.0',
};

const otherModules: Readonly<Record<string, string>> = {
  'x_embedder.proj': 'pos_embed.proj',
  't_embedder.mlp.0': 'adaln_single.emb.timestep_embedder.linear_1',
  't_embedder.mlp.2': 'adaln_single.emb.timestep_embedder.linear_2',
  'csize_embedder.mlp.0': 'adaln_single.emb.resolution_embedder.linear_1',
  'csize_embedder.mlp.2': 'adaln_single.emb.resolution_embedder.linear_2',
  'ar_embedder.mlp.0': 'adaln_single.emb.aspect_ratio_embedder.linear_1',
  'ar_embedder.mlp.2': 'adaln_single.emb.aspect_ratio_embedder.linear_2',
  't_block.1': 'adaln_single.linear',
  'y_embedder.y_proj.fc1': 'caption_projection.linear_1',
  'y_embedder.y_proj.fc2': 'caption_projection.linear_2',
  'final_layer.linear': 'proj_out',
};

/** Diffusers' names; its k and v of the caption are halves of the original's kv_linear. */
export function diffusersPixArtTensors(config: PixArtConfig): ExpectedTensor[] {
  const { hiddenSize, maxCaptionTokens, captionChannels } = config;
  return [
    ...pixArtTensorShapes(config).flatMap((target) => {
      if (target.name === 'final_layer.scale_shift_table') return [whole('scale_shift_table', target)];
      if (target.name.endsWith('.scale_shift_table')) return [whole(`transformer_${target.name}`, target)];
      return diffusersSources(target, blockModules, otherModules);
    }),
    // Fixed positions, and the original's caption of no text, which published files hold and diffusers does not read.
    unread('pos_embed.pos_embed', [1, tokenCount(config), hiddenSize]),
    unread('caption_projection.y_embedding', [maxCaptionTokens, captionChannels]),
  ];
}
