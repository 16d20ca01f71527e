import { WebDiTError } from './errors.ts';

/** What the engine must know of every transformer it runs, whatever conditions it. Built by `weights` from a model folder. */
interface TransformerBase {
  /** Latent height and width the model was trained for, in latent pixels. */
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
  readonly learnSigma: boolean;
  /** Length of a sinusoidal embedding. */
  readonly frequencyEmbeddingSize: number;
  /** Divisor of the sinusoid's exponent: 128 for original DiT, 127 for diffusers (half the embedding, minus 0 or 1). */
  readonly timestepDivisor: number;
  /** LayerNorm epsilon before attention and in the final layer. */
  readonly normEps: number;
  /** LayerNorm epsilon before the MLP. Diffusers' DiT differs here. */
  readonly mlpNormEps: number;
  /** Where CFG applies by default: 3 latent channels for original layouts with learned sigma, else all. */
  readonly guidanceChannels: number;
}

/** A DiT: conditioned on a class. Source of the numbers: Peebles and Xie, "Scalable Diffusion Models with Transformers". */
export interface DiTConfig extends TransformerBase {
  readonly kind: 'dit';
  /** Real classes; the null class of classifier-free guidance has id `numClasses`. */
  readonly numClasses: number;
  /**
   * Every block has timestep and label embedders of its own, as diffusers stores them (published checkpoints repeat the same
   * values, but nothing in the file says so). The final layer uses block 0's.
   */
  readonly embeddersPerBlock: boolean;
}

/**
 * A PixArt-alpha: conditioned on a text by cross-attention, with one modulation for all blocks (adaLN-single). Source: Chen et
 * al., "PixArt-alpha: Fast Training of Diffusion Transformer for Photorealistic Text-to-Image Synthesis".
 */
export interface PixArtConfig extends TransformerBase {
  readonly kind: 'pixart';
  /** Latent size of this run, in latent pixels; multiples of the patch size. */
  readonly latentHeight: number;
  readonly latentWidth: number;
  /** Width of the text encoder's embeddings. */
  readonly captionChannels: number;
  /** Most tokens of a caption. */
  readonly maxCaptionTokens: number;
  /** The picture's size and aspect ratio are conditions too (the 1024-MS model). */
  readonly sizeConditions: boolean;
  /** Divides the positions: 1 for 256 and 512 pixels, 2 for 1024. */
  readonly interpolationScale: number;
}

export type TransformerConfig = DiTConfig | PixArtConfig;

/** Pixels of a latent pixel's side: that of the autoencoder PixArt was trained with. */
export const latentScale = 8;

/** Height and width of the latents, in latent pixels. */
export interface LatentGrid {
  readonly height: number;
  readonly width: number;
}

export function latentGrid(config: TransformerConfig): LatentGrid {
  if (config.kind === 'pixart') return { height: config.latentHeight, width: config.latentWidth };
  return { height: config.inputSize, width: config.inputSize };
}

/**
 * The same model for latents of another size.
 * @throws WebDiTError `unsupported-config` where the model has one size, `bad-argument` for a size that patches do not fill.
 */
export function atSize<T extends TransformerConfig>(config: T, size: LatentGrid): T {
  const { height, width } = latentGrid(config);
  if (size.height === height && size.width === width) return config;
  if (config.kind === 'dit') {
    throw new WebDiTError(
      'unsupported-config',
      `This model makes latents of ${height} x ${width}, not of ${size.height} x ${size.width}.`,
      'Leave height and width out.',
    );
  }
  const isWhole = (length: number) => Number.isInteger(length / config.patchSize) && length > 0;
  if (!isWhole(size.height) || !isWhole(size.width)) {
    throw new WebDiTError(
      'bad-argument',
      `Latents of ${size.height} x ${size.width} are not whole patches of ${config.patchSize}.`,
      'Use a height and a width in pixels that are multiples of 16.',
    );
  }
  return { ...config, latentHeight: size.height, latentWidth: size.width };
}

/** Elements of one channel of the latents. */
export function latentPlane(config: TransformerConfig): number {
  const { height, width } = latentGrid(config);
  return height * width;
}

/** Tokens down and across a picture. */
export function tokenGrid(config: TransformerConfig): { readonly rows: number; readonly columns: number } {
  const { height, width } = latentGrid(config);
  return { rows: height / config.patchSize, columns: width / config.patchSize };
}

/** Tokens per picture. */
export function tokenCount(config: TransformerConfig): number {
  const { rows, columns } = tokenGrid(config);
  return rows * columns;
}

/** What a block adds to the token state, in order. */
export type Branch = 'attn' | 'cross' | 'mlp';

const ditBranches = ['attn', 'mlp'] as const;
const pixArtBranches = ['attn', 'cross', 'mlp'] as const;

/** The branches of a model's blocks, in the order in which a block adds them. */
export function branchesOf({ kind }: Pick<TransformerConfig, 'kind'>): readonly Branch[] {
  return kind === 'pixart' ? pixArtBranches : ditBranches;
}
