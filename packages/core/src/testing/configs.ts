import type { DiTConfig } from '../model.ts';

/** Tests only. DiT-XL/2 at 256 x 256. */
export const ditXl2: DiTConfig = {
  kind: 'dit',
  inputSize: 32,
  patchSize: 2,
  inChannels: 4,
  outChannels: 8,
  hiddenSize: 1152,
  depth: 28,
  numHeads: 16,
  mlpHiddenSize: 4608,
  numClasses: 1000,
  learnSigma: true,
  frequencyEmbeddingSize: 256,
  timestepDivisor: 128,
  normEps: 1e-6,
  mlpNormEps: 1e-6,
  embeddersPerBlock: false,
  guidanceChannels: 3,
};
