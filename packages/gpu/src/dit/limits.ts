import { mebibytes, type TransformerConfig, WebDiTError } from '@webdit/core';
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

/**
 * The noise of all steps is uploaded before the first, and bound whole.
 *
 * @param elements of one row, which is as large as the latents.
 * @throws WebDiTError `out-of-memory` for more than fits a binding, `shape-mismatch` for other noise than the rows that are taken.
 */
export function checkNoise(
  rows: number,
  elements: number,
  noise: Float32Array | undefined,
  bindingLimit: number,
): void {
  const needed = rows * elements;
  if (needed * 4 > bindingLimit) {
    throw new WebDiTError(
      'out-of-memory',
      `The noise of ${rows} steps takes ${mebibytes(needed * 4)}, but this adapter binds at most ${mebibytes(bindingLimit)}.`,
      'Use fewer steps, or a sampler that draws no noise, such as ddim.',
    );
  }
  const found = noise?.length ?? 0;
  if (found !== needed) throw wrongLength('rows of noise', found, needed);
}
