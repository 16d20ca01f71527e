import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { latentScale, type PixArtConfig, pixArtXl2, torchRandn } from '@webdit/core';
import { diffusersPixArtConfig } from '../layouts/diffusers-pixart.ts';
import { indexPath, schedulerPath, transformerConfigPath } from '../layouts/paths.ts';
import {
  type AttentionMask,
  type Embeddings,
  encodePromptEmbeds,
  type PromptEmbeds,
  promptEmbedsPath,
} from '../prompt-embeds.ts';
import { writeJson } from '../write/native-folder.ts';

/** A PixArt for pictures so many pixels high and wide: its positions and conditions follow from that as diffusers' do. */
export function pixArtAt(pixels: number, config: PixArtConfig = pixArtXl2): PixArtConfig {
  const inputSize = pixels / latentScale;
  return {
    ...config,
    inputSize,
    latentHeight: inputSize,
    latentWidth: inputSize,
    sizeConditions: inputSize === 128,
    interpolationScale: Math.max(Math.floor(inputSize / 64), 1),
  };
}

/** As small as the golden model `pixart-tiny`: pictures of 128 x 128 pixels. */
export const pixArtTiny: PixArtConfig = pixArtAt(128, {
  ...pixArtXl2,
  hiddenSize: 72,
  mlpHiddenSize: 288,
  depth: 4,
  numHeads: 2,
  captionChannels: 48,
});

/** As diffusers publishes PixArt; what is left out are defaults. */
const scheduler = {
  _class_name: 'DPMSolverMultistepScheduler',
  algorithm_type: 'dpmsolver++',
  beta_end: 0.02,
  beta_schedule: 'linear',
  beta_start: 0.0001,
  final_sigmas_type: 'zero',
  lower_order_final: true,
  num_train_timesteps: 1000,
  prediction_type: 'epsilon',
  solver_order: 2,
  solver_type: 'midpoint',
  steps_offset: 0,
  thresholding: false,
  timestep_spacing: 'linspace',
};

/** Tokens of a made-up caption; those that count come first, then padding. */
const captionTokens = 20;
const countingTokens = { prompt: 14, negative: 1 };

export interface CaptionOptions {
  readonly dtype: 'F32' | 'F16';
  /** Torch's seeds of the caption and of the negative one. */
  readonly seeds: readonly [prompt: number, negative: number];
}

/** Further entries of `model_index.json`: library and class of each part. */
export type PixArtParts = Readonly<Record<string, readonly [library: string, kind: string]>>;

/** Writes what a diffusers folder of a PixArt holds beside its weights, and captions to try it with. */
export async function writePixArtConfigs(
  folder: string,
  config: PixArtConfig,
  options: CaptionOptions,
  parts: PixArtParts = {},
): Promise<void> {
  await writeJson(join(folder, indexPath), {
    _class_name: 'PixArtAlphaPipeline',
    transformer: ['diffusers', 'PixArtTransformer2DModel'],
    scheduler: ['diffusers', scheduler._class_name],
    ...parts,
  });
  await writeJson(join(folder, schedulerPath), scheduler);
  await writeJson(join(folder, transformerConfigPath), diffusersPixArtConfig(config));
  const { dtype, seeds } = options;
  await writeFile(join(folder, promptEmbedsPath), encodePromptEmbeds(captions(config, seeds), dtype));
}

function captions({ captionChannels }: PixArtConfig, [prompt, negative]: CaptionOptions['seeds']): PromptEmbeds {
  const embeddings = (seed: number): Embeddings => ({
    data: Float32Array.from(torchRandn(seed, captionTokens * captionChannels)),
    shape: [1, captionTokens, captionChannels],
  });
  const mask = (counting: number): AttentionMask => ({
    data: Float32Array.from({ length: captionTokens }, (_, token) => Number(token < counting)),
    shape: [1, captionTokens],
  });
  return {
    promptEmbeds: embeddings(prompt),
    promptAttentionMask: mask(countingTokens.prompt),
    negativePromptEmbeds: embeddings(negative),
    negativePromptAttentionMask: mask(countingTokens.negative),
  };
}
