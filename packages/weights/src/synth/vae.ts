import { join } from 'node:path';
import { type AutoencoderKLConfig, autoencoderDecoderShapes } from '@webdit/core';
import { autoencoderWeightsPath } from '../layouts/autoencoder-kl.ts';
import { vaeConfigPath } from '../layouts/paths.ts';
import { writeJson } from '../write/native-folder.ts';
import { writeWholeFolder } from '../write/whole-folder.ts';
import { type RandomOptions, writeRandomWeights } from './random-weights.ts';

/** Groups of the norms of Stable Diffusion's VAE: its width must be a multiple of that. */
export const sdNormGroups = 32;

/** The VAE of Stable Diffusion, DiT and PixArt, so many channels wide at the picture; the published ones are 128. */
export function sdVae(width: number): AutoencoderKLConfig {
  return {
    latentChannels: 4,
    outChannels: 3,
    blockOutChannels: [width, 2 * width, 4 * width, 4 * width],
    layersPerBlock: 2,
    normNumGroups: sdNormGroups,
    scalingFactor: 0.18215,
    shiftFactor: 0,
    usePostQuantConv: true,
    midBlockAddAttention: true,
  };
}

/** As many resolutions, a hundredth of the work. */
export const vaeTiny: AutoencoderKLConfig = {
  ...sdVae(16),
  blockOutChannels: [16, 32, 32, 32],
  layersPerBlock: 1,
  normNumGroups: 8,
};

/**
 * Writes a folder that holds nothing but `vae/`, a diffusers AutoencoderKL of random weights, without its encoder.
 * @returns bytes of the safetensors file.
 * @throws WebDiTError like `writeWholeFolder`.
 */
export async function writeSynthVae(
  path: string,
  options: RandomOptions & { readonly config: AutoencoderKLConfig },
): Promise<number> {
  return writeWholeFolder(path, (folder) => writeVae(folder, options.config, options));
}

/** Writes `vae/` of a folder. @param first seed of its first tensor, among the model's. @returns bytes of the safetensors file. */
export async function writeVae(
  folder: string,
  config: AutoencoderKLConfig,
  options: RandomOptions,
  first = 0,
): Promise<number> {
  await writeJson(join(folder, vaeConfigPath), autoencoderConfigJson(config));
  return writeRandomWeights(join(folder, autoencoderWeightsPath), autoencoderDecoderShapes(config), options, first);
}

/** `vae/config.json` of diffusers. */
function autoencoderConfigJson(config: AutoencoderKLConfig): object {
  return {
    _class_name: 'AutoencoderKL',
    act_fn: 'silu',
    block_out_channels: config.blockOutChannels,
    down_block_types: config.blockOutChannels.map(() => 'DownEncoderBlock2D'),
    up_block_types: config.blockOutChannels.map(() => 'UpDecoderBlock2D'),
    in_channels: config.outChannels,
    latent_channels: config.latentChannels,
    layers_per_block: config.layersPerBlock,
    mid_block_add_attention: config.midBlockAddAttention,
    norm_num_groups: config.normNumGroups,
    out_channels: config.outChannels,
    scaling_factor: config.scalingFactor,
    shift_factor: config.shiftFactor,
    use_post_quant_conv: config.usePostQuantConv,
  };
}
