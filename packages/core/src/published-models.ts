import type { DiTConfig, PixArtConfig } from './model.ts';

/** The backbone that both families have at their largest, for pictures of 256 x 256 pixels. */
const xl2 = {
  inputSize: 32,
  patchSize: 2,
  inChannels: 4,
  outChannels: 8,
  hiddenSize: 1152,
  depth: 28,
  numHeads: 16,
  mlpHiddenSize: 4608,
  learnSigma: true,
  frequencyEmbeddingSize: 256,
  timestepDivisor: 128,
  normEps: 1e-6,
  mlpNormEps: 1e-6,
} as const;

/** DiT-XL/2 for pictures of 256 x 256 pixels (Peebles and Xie 2023, table 1). */
export const ditXl2: DiTConfig = {
  kind: 'dit',
  ...xl2,
  numClasses: 1000,
  embeddersPerBlock: false,
  guidanceChannels: 3,
};

/** DiT-S/2 for pictures of 256 x 256 pixels (same table). */
export const ditS2: DiTConfig = { ...ditXl2, hiddenSize: 384, depth: 12, numHeads: 6, mlpHiddenSize: 1536 };

/** PixArt-alpha XL/2 for pictures of 256 x 256 pixels (Chen et al. 2023), as diffusers publishes it. */
export const pixArtXl2: PixArtConfig = {
  kind: 'pixart',
  ...xl2,
  latentHeight: 32,
  latentWidth: 32,
  guidanceChannels: 4,
  captionChannels: 4096,
  maxCaptionTokens: 120,
  sizeConditions: false,
  interpolationScale: 1,
};
