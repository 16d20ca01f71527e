import type { PixArtConfig } from '@webdit/core';
import { ConfigReader, checkDivisibility } from './config-reader.ts';
import { pixArtCaptionTokens } from './diffusers-pixart.ts';
import { nativeTransformer, readNativeTransformer, unless } from './native-config.ts';

/** PixArt guides all channels. */
const guidedChannels = (inChannels: number) => inChannels;

/**
 * `transformer/config.json` of a native PixArt-alpha folder: what all transformers say, and the original's own constructor arguments.
 * @throws WebDiTError `unsupported-config`, naming the key.
 */
export function parseNativePixArt(json: unknown, path: string): PixArtConfig {
  const reader = new ConfigReader(json, path);
  reader.fixed('_class_name', 'PixArt');
  const transformer = readNativeTransformer(reader, guidedChannels);
  const config: PixArtConfig = {
    kind: 'pixart',
    ...transformer,
    latentHeight: transformer.inputSize,
    latentWidth: transformer.inputSize,
    captionChannels: reader.count('caption_channels'),
    maxCaptionTokens: reader.count('model_max_length', pixArtCaptionTokens),
    sizeConditions: reader.has('micro_condition') && reader.boolean('micro_condition'),
    interpolationScale: reader.positive('pe_interpolation', 1),
  };
  reader.done();
  return checkDivisibility(config, path);
}

/** What `parseNativePixArt` reads as `config`. */
export function nativePixArtConfig(config: PixArtConfig): Record<string, unknown> {
  return {
    _class_name: 'PixArt',
    ...nativeTransformer(config, guidedChannels),
    caption_channels: config.captionChannels,
    model_max_length: config.maxCaptionTokens,
    micro_condition: unless(false, config.sizeConditions),
    pe_interpolation: config.interpolationScale,
  };
}
