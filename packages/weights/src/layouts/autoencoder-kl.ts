import { type AutoencoderKLConfig, autoencoderDecoderShapes, type TensorShape, type TensorSink } from '@webdit/core';
import { type LoadWeightsOptions, loadWeights, weightFileInfos } from '../load-weights.ts';
import { type ModelSource, type OpenOptions, readJson } from '../source.ts';
import { openWeights, type WeightFileInfo, type Weights } from '../weight-files.ts';
import { ConfigReader } from './config-reader.ts';
import { vaeConfigPath } from './paths.ts';
import { type ExpectedTensor, matchTensors, whole } from './tensor-map.ts';

/** Weights of a diffusers VAE, the encoder's included. */
export const autoencoderWeightsPath = 'vae/diffusion_pytorch_model.safetensors';

/** The decoder of a diffusers AutoencoderKL, its headers read. */
export interface AutoencoderKL {
  readonly kind: 'autoencoder-kl';
  readonly config: AutoencoderKLConfig;
  /** The preview map that its config names, beside it; null for none. */
  readonly previewFile: string | null;
  /** The safetensors files, one or several shards, in the order in which they are loaded. */
  readonly weightFiles: readonly WeightFileInfo[];
  /** Streams the decoder's weights into a sink, by diffusers' names of today. @throws as `ModelFolder.loadWeights`. */
  loadWeights(sink: TensorSink, options?: LoadWeightsOptions): Promise<void>;
}

/**
 * Opens the VAE of a folder with `vae/config.json` and `vae/diffusion_pytorch_model.safetensors`. Names, shapes and types of the decoder's
 * tensors are checked; the encoder's are left alone.
 * @throws WebDiTError `unsupported-config`, naming the key; `not-found`, `network`, `format`, `shape-mismatch`; `signal.reason`.
 */
export async function openAutoencoderKL(source: ModelSource, options: OpenOptions = {}): Promise<AutoencoderKL> {
  const json = await readJson(source, vaeConfigPath, options);
  const config = parseAutoencoderKLConfig(json);
  const weights = await openWeights(source, autoencoderWeightsPath, options);
  const decoder = { ...weights, tensors: weights.tensors.filter(({ name }) => !isOfEncoder(name)) };
  const targets = matchTensors(decoder, expectedTensors(config, decoder));
  return {
    kind: 'autoencoder-kl',
    config,
    previewFile: new ConfigReader(json, vaeConfigPath).optionalText('preview'),
    weightFiles: weightFileInfos(weights.files, targets),
    loadWeights: (sink, loadOptions = {}) => loadWeights(source, weights.files, targets, sink, loadOptions),
  };
}

const isOfEncoder = (name: string) => name.startsWith('encoder.') || name.startsWith('quant_conv.');

/** Names of an attention's linears before diffusers 0.15, which the published files have. */
const olderNames = { to_q: 'query', to_k: 'key', to_v: 'value', 'to_out.0': 'proj_attn' } as const;

function expectedTensors(config: AutoencoderKLConfig, { tensors }: Weights): ExpectedTensor[] {
  const found = new Set(tensors.map(({ name }) => name));
  return autoencoderDecoderShapes(config).map((shape) => {
    const older = olderName(shape);
    return whole(found.has(older) ? older : shape.name, shape);
  });
}

function olderName({ name }: TensorShape): string {
  const linear = Object.entries(olderNames).find(([today]) => name.includes(`.attentions.0.${today}.`));
  return linear ? name.replace(linear[0], linear[1]) : name;
}

/** `vae/config.json` of diffusers. @throws WebDiTError `unsupported-config`, naming the key. */
export function parseAutoencoderKLConfig(json: unknown): AutoencoderKLConfig {
  const reader = new ConfigReader(json, vaeConfigPath);
  reader.fixed('_class_name', 'AutoencoderKL');
  reader.fixed('act_fn', 'silu');
  reader.fixed('latents_mean', null);
  reader.fixed('latents_std', null);
  const widths = reader.raw('block_out_channels');
  const isWidths = Array.isArray(widths) && widths.length > 0 && widths.every((w) => Number.isSafeInteger(w) && w >= 1);
  if (!isWidths) throw reader.fail(`has block_out_channels ${JSON.stringify(widths)}, which is not a list of widths`);
  const blockOutChannels = widths as number[];
  reader.fixed(
    'up_block_types',
    blockOutChannels.map(() => 'UpDecoderBlock2D'),
  );
  const config: AutoencoderKLConfig = {
    latentChannels: reader.count('latent_channels', 4),
    outChannels: reader.count('out_channels', 3),
    blockOutChannels,
    layersPerBlock: reader.count('layers_per_block', 1),
    normNumGroups: reader.count('norm_num_groups', 32),
    scalingFactor: reader.positive('scaling_factor', 0.18215),
    shiftFactor: reader.has('shift_factor') ? shiftFactor(reader) : 0,
    usePostQuantConv: reader.has('use_post_quant_conv') ? reader.boolean('use_post_quant_conv') : true,
    midBlockAddAttention: reader.has('mid_block_add_attention') ? reader.boolean('mid_block_add_attention') : true,
  };
  // What concerns the encoder, the training size, other arithmetic, or previews.
  reader.ignore('in_channels', 'down_block_types', 'use_quant_conv', 'sample_size', 'force_upcast', 'preview');
  reader.done();
  return config;
}

function shiftFactor(reader: ConfigReader): number {
  const value = reader.raw('shift_factor');
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw reader.fail(`has shift_factor ${JSON.stringify(value)}, which is not a number`);
}
