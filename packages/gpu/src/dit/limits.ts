import { type TransformerConfig, WebDiTError } from '@webdit/core';
import { maxHeadDim } from '@webdit/shaders';

export function wrongLength(what: string, found: number, expected: number): WebDiTError {
  return new WebDiTError(
    'shape-mismatch',
    `The ${what} hold ${found} values, the model takes ${expected}.`,
    'Check the shape against the model config.',
  );
}

/**
 * The kernels move vectors of four, and two tiles of a head must fit workgroup memory.
 * @throws WebDiTError `unsupported-config`.
 */
export function checkConfig(config: TransformerConfig): void {
  const headDim = config.hiddenSize / config.numHeads;
  const finalWidth = config.patchSize ** 2 * config.outChannels;
  const patchWidth = config.patchSize ** 2 * config.inChannels;
  const sizes = {
    hidden_size: config.hiddenSize,
    'head dim': headDim,
    'MLP width': config.mlpHiddenSize,
    frequency_embedding_size: config.frequencyEmbeddingSize,
    'final layer width': finalWidth,
    'patch width': patchWidth,
    ...(config.kind === 'pixart' ? { caption_channels: config.captionChannels } : {}),
    ...(config.kind === 'pixart' && config.sizeConditions ? { 'third of the hidden_size': config.hiddenSize / 3 } : {}),
  };
  const odd = Object.entries(sizes).find(([, size]) => !Number.isInteger(size / 4));
  if (odd || headDim > maxHeadDim) {
    const [name, size] = odd ?? ['head dim', headDim];
    throw new WebDiTError(
      'unsupported-config',
      `The model's ${name} of ${size} is not one the kernels can run.`,
      `Sizes must be multiples of 4 and the head dim at most ${maxHeadDim}.`,
    );
  }
}
