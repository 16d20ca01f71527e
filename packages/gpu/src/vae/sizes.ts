import {
  type AutoencoderKLConfig,
  autoencoderScale,
  decoderUpBlocks,
  type LatentGrid,
  midChannels,
  WebDiTError,
} from '@webdit/core';
import { groupNormChunkElements, groupNormChunks } from '@webdit/shaders/vae';
import { inFours } from '../weights.ts';
import { type FeatureSize, rowBytes } from './bands.ts';

/** Bytes of a band, unless a picture asks for more or less. */
const usualBandBytes = 16 * 2 ** 20;

/** @throws WebDiTError `unsupported-config`: the kernels move vectors of four channels. */
export function checkAutoencoder(config: AutoencoderKLConfig): void {
  const { latentChannels, blockOutChannels, normNumGroups, outChannels } = config;
  const odd = [latentChannels, ...blockOutChannels].find((channels) => channels % 4 !== 0);
  const ungrouped = blockOutChannels.find((channels) => channels % normNumGroups !== 0);
  if (odd === undefined && ungrouped === undefined && outChannels <= 4) return;
  const problem =
    odd !== undefined
      ? `${odd} channels are not a multiple of 4`
      : ungrouped !== undefined
        ? `${ungrouped} channels do not divide into ${normNumGroups} groups`
        : `pictures of ${outChannels} channels`;
  throw new WebDiTError(
    'unsupported-config',
    `The VAE is not one the kernels can run: ${problem}.`,
    'Use the VAE of Stable Diffusion, or one laid out like it.',
  );
}

/** Every feature map of a decode whose channels are normed or convolved, in order. */
export function featureSizes(config: AutoencoderKLConfig, latent: LatentGrid): FeatureSize[] {
  const { height, width } = latent;
  const sizes: FeatureSize[] = [
    { channels: config.latentChannels, height, width },
    { channels: midChannels(config), height, width },
  ];
  for (const [i, { resnets }] of decoderUpBlocks(config).entries()) {
    const grid = { height: height << i, width: width << i };
    for (const { inChannels, outChannels } of resnets) {
      sizes.push({ ...grid, channels: inChannels }, { ...grid, channels: outChannels });
    }
  }
  return sizes;
}

/** Bytes of every band: at most those asked for, and at least what three rows with their border and the middle's attention take. */
export function bandBytesFor(
  config: AutoencoderKLConfig,
  latent: LatentGrid,
  bindingLimit: number,
  asked = Math.min(usualBandBytes, bindingLimit),
): number {
  const sizes = featureSizes(config, latent);
  const rows = sizes.map(({ channels, width }) => 3 * rowBytes({ channels, width: width + 2 }));
  // A map of one band is read with a row of border above and below.
  const maps = sizes.map(({ channels, width, height }) => (height + 2) * rowBytes({ channels, width: width + 2 }));
  const middle = 4 * inFours(latent.height * latent.width) * midChannels(config);
  const bytes = Math.max(middle, ...rows, Math.min(asked, Math.max(...maps)));
  return Math.ceil(bytes / 16) * 16;
}

/** Elements of the largest buffer of GroupNorm's chunks. */
export function chunkElements(config: AutoencoderKLConfig, latent: LatentGrid, bandBytes: number): number {
  return Math.max(
    ...featureSizes(config, latent).map((size) => {
      const most = Math.min(size.height, Math.floor(bandBytes / rowBytes(size)));
      const bands = Math.ceil(size.height / most);
      return groupNormChunkElements(bands * groupNormChunks(most * size.width), size.channels);
    }),
  );
}

/** Height and width of the picture, in pixels. */
export function pictureSize(config: AutoencoderKLConfig, { height, width }: LatentGrid): LatentGrid {
  const scale = autoencoderScale(config);
  return { height: height * scale, width: width * scale };
}
