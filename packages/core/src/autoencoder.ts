import type { TensorShape } from './tensor-shapes.ts';

/**
 * The decoder of an AutoencoderKL, the VAE of Stable Diffusion, DiT and PixArt. Source: Rombach et al., "High-Resolution Image Synthesis
 * with Latent Diffusion Models", as diffusers lays it out.
 */
export interface AutoencoderKLConfig {
  readonly latentChannels: number;
  /** Channels of the picture. */
  readonly outChannels: number;
  /** Widths by resolution, the picture's first, as the encoder meets them. */
  readonly blockOutChannels: readonly number[];
  /** Residual blocks of the encoder at each resolution; the decoder has one more. */
  readonly layersPerBlock: number;
  readonly normNumGroups: number;
  /** What latents are divided by before they are decoded, and what is added to them then. */
  readonly scalingFactor: number;
  readonly shiftFactor: number;
  /** A 1 x 1 convolution of the latents comes first. */
  readonly usePostQuantConv: boolean;
  /** The middle has a self-attention over all latent pixels, with one head. */
  readonly midBlockAddAttention: boolean;
}

/** Epsilon of every GroupNorm. */
export const autoencoderNormEps = 1e-6;

/** Pixels per latent pixel, along one side. */
export function autoencoderScale({ blockOutChannels }: Pick<AutoencoderKLConfig, 'blockOutChannels'>): number {
  return 2 ** (blockOutChannels.length - 1);
}

/** Two convolutions with their norms, added to what enters them. */
export interface ResidualBlock {
  /** `<prefix>.norm1`, `.conv1`, `.norm2`, `.conv2`, and `.conv_shortcut` where the widths differ. */
  readonly prefix: string;
  readonly inChannels: number;
  readonly outChannels: number;
}

/** Residual blocks of one resolution, and the convolution behind its upsampling; null for the last, which has none. */
export interface UpBlock {
  readonly resnets: readonly ResidualBlock[];
  readonly upsampler: string | null;
  readonly channels: number;
}

/** Channels of the decoder's middle: one head of attention is as wide. */
export function midChannels({ blockOutChannels }: AutoencoderKLConfig): number {
  return blockOutChannels.at(-1) as number;
}

/** The decoder's blocks after the middle, in the order they run. */
export function decoderUpBlocks(config: AutoencoderKLConfig): UpBlock[] {
  const widths = [...config.blockOutChannels].reverse();
  let inChannels = midChannels(config);
  return widths.map((channels, i) => {
    const prefix = `decoder.up_blocks.${i}`;
    const resnets = Array.from({ length: config.layersPerBlock + 1 }, (_, j) => {
      const block = { prefix: `${prefix}.resnets.${j}`, inChannels, outChannels: channels };
      inChannels = channels;
      return block;
    });
    return { resnets, upsampler: i === widths.length - 1 ? null : `${prefix}.upsamplers.0.conv`, channels };
  });
}

const parts = (name: string, ...shape: number[]): TensorShape[] => [
  { name: `${name}.weight`, shape },
  { name: `${name}.bias`, shape: shape.slice(0, 1) },
];

const conv = (name: string, out: number, input: number, size = 3) => parts(name, out, input, size, size);

function residualShapes({ prefix, inChannels, outChannels }: ResidualBlock): TensorShape[] {
  return [
    ...parts(`${prefix}.norm1`, inChannels),
    ...conv(`${prefix}.conv1`, outChannels, inChannels),
    ...parts(`${prefix}.norm2`, outChannels),
    ...conv(`${prefix}.conv2`, outChannels, outChannels),
    ...(inChannels === outChannels ? [] : conv(`${prefix}.conv_shortcut`, outChannels, inChannels, 1)),
  ];
}

/** The decoder's middle: prefix of its attention, and the residual blocks around it. */
export function decoderMiddle(config: AutoencoderKLConfig): {
  readonly attention: string;
  readonly resnets: readonly [ResidualBlock, ResidualBlock];
} {
  const width = midChannels(config);
  const block = (i: number) => ({
    prefix: `decoder.mid_block.resnets.${i}`,
    inChannels: width,
    outChannels: width,
  });
  return { attention: 'decoder.mid_block.attentions.0', resnets: [block(0), block(1)] };
}

/** Every tensor the decoder reads, by diffusers' name, shapes as PyTorch stores them. */
export function autoencoderDecoderShapes(config: AutoencoderKLConfig): TensorShape[] {
  const { latentChannels, outChannels, blockOutChannels } = config;
  const width = midChannels(config);
  const last = blockOutChannels[0] as number;
  const { attention, resnets } = decoderMiddle(config);
  return [
    ...(config.usePostQuantConv ? conv('post_quant_conv', latentChannels, latentChannels, 1) : []),
    ...conv('decoder.conv_in', width, latentChannels),
    ...resnets.flatMap(residualShapes),
    ...(config.midBlockAddAttention
      ? [
          ...parts(`${attention}.group_norm`, width),
          ...['to_q', 'to_k', 'to_v', 'to_out.0'].flatMap((name) => parts(`${attention}.${name}`, width, width)),
        ]
      : []),
    ...decoderUpBlocks(config).flatMap((block) => [
      ...block.resnets.flatMap(residualShapes),
      ...(block.upsampler === null ? [] : conv(block.upsampler, block.channels, block.channels)),
    ]),
    ...parts('decoder.conv_norm_out', last),
    ...conv('decoder.conv_out', outChannels, last),
  ];
}
