import type { DiTConfig } from '@webdit/core';

/** The smallest model that has all there is. */
export const tinyDiT: DiTConfig = {
  kind: 'dit',
  inputSize: 8,
  patchSize: 2,
  inChannels: 4,
  outChannels: 4,
  hiddenSize: 32,
  depth: 2,
  numHeads: 2,
  mlpHiddenSize: 128,
  numClasses: 10,
  learnSigma: false,
  frequencyEmbeddingSize: 256,
  timestepDivisor: 128,
  normEps: 1e-6,
  mlpNormEps: 1e-6,
  embeddersPerBlock: false,
  guidanceChannels: 4,
};
