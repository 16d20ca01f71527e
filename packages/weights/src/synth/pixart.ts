import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { latentScale, type PixArtConfig, pixArtXl2, torchRandn } from '@webdit/core';
import { diffusersPixArtConfig } from '../layouts/diffusers-pixart.ts';
import { indexPath, schedulerPath, transformerConfigPath } from '../layouts/paths.ts';
import { promptEmbedsPath } from '../prompt-embeds.ts';
import { converter } from '../safetensors/convert.ts';
import { encodeSafetensors, type TensorData } from '../safetensors/whole-file.ts';
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
  await writeFile(join(folder, promptEmbedsPath), encodeSafetensors(captions(config, options)));
}

function captions({ captionChannels }: PixArtConfig, { dtype, seeds: [prompt, negative] }: CaptionOptions) {
  const shape = [1, captionTokens, captionChannels];
  const embeds = (seed: number): TensorData => {
    const data = torchRandn(seed, captionTokens * captionChannels);
    const convert = converter('F32', dtype);
    if (!convert) return { dtype, shape, data };
    const halves = new Uint16Array(data.length);
    convert(data.buffer as ArrayBuffer, halves.buffer, data.length);
    return { dtype, shape, data: halves };
  };
  const mask = (counting: number): TensorData => ({
    dtype: 'F32',
    shape: [1, captionTokens],
    data: Float32Array.from({ length: captionTokens }, (_, token) => Number(token < counting)),
  });
  return {
    prompt_embeds: embeds(prompt),
    prompt_attention_mask: mask(countingTokens.prompt),
    negative_prompt_embeds: embeds(negative),
    negative_prompt_attention_mask: mask(countingTokens.negative),
  };
}
