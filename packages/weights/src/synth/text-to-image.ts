import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PixArtConfig } from '@webdit/core';
import { encodeModel } from '../onnx/index.ts';
import { writeJson } from '../write/native-folder.ts';
import { writeWholeFolder } from '../write/whole-folder.ts';
import { pixArtTiny } from './pixart.ts';
import { type RandomOptions, randomWeights, writeRandomWeights } from './random-weights.ts';
import { writeSynthTransformer } from './synth.ts';
import { type T5Config, t5ConfigJson, t5Graph, t5Tensors } from './t5.ts';
import { tokenizerConfig, tokenizerJson, vocabularySize } from './tokenizer.ts';
import { vaeTiny, writeVae } from './vae.ts';

/** Wide enough for the captions of `pixart-tiny`; heads together are wider than a token, as nothing keeps them from being. */
export const t5Tiny: T5Config = {
  vocab_size: vocabularySize,
  d_model: pixArtTiny.captionChannels,
  d_kv: 16,
  d_ff: 512,
  num_layers: 6,
  num_heads: 4,
  relative_attention_num_buckets: 32,
  relative_attention_max_distance: 128,
  layer_norm_epsilon: 1e-6,
};

/** Seeds of the parts, among the model's thousand; the transformer's are the first, those of its captions the last. */
const firstSeeds = { vae: 400, textEncoder: 700 };

/**
 * Writes a small text-to-image model of random weights as diffusers' tree: `pixart-tiny`, a VAE, a tokenizer, and a T5 encoder both as
 * ONNX and as transformers reads it. The encoder is F32 whatever `dtype` is.
 *
 * @returns bytes of all weights.
 * @throws WebDiTError like `writeWholeFolder`.
 */
export async function writeTextToImageTiny(path: string, options: RandomOptions): Promise<number> {
  return writeWholeFolder(path, async (folder) => {
    const parts = {
      vae: ['diffusers', 'AutoencoderKL'],
      text_encoder: ['transformers', 'T5EncoderModel'],
      tokenizer: ['transformers', 'T5Tokenizer'],
    } as const;
    const config: PixArtConfig = pixArtTiny;
    const transformer = await writeSynthTransformer(folder, { ...options, config }, parts);
    const vae = await writeVae(folder, vaeTiny, options, firstSeeds.vae);
    await writeJson(join(folder, 'tokenizer/tokenizer.json'), tokenizerJson());
    await writeJson(join(folder, 'tokenizer/tokenizer_config.json'), tokenizerConfig());
    return transformer + vae + (await writeTextEncoder(join(folder, 'text_encoder'), t5Tiny, options));
  });
}

async function writeTextEncoder(folder: string, config: T5Config, options: RandomOptions): Promise<number> {
  const tensors = t5Tensors(config);
  const first = firstSeeds.textEncoder;
  await writeJson(join(folder, 'config.json'), t5ConfigJson(config));
  const model = encodeModel(t5Graph(config), randomWeights(tensors, options, first));
  await writeFile(join(folder, 'model.onnx'), model);
  const weights = join(folder, 'model.safetensors');
  return model.length + (await writeRandomWeights(weights, tensors, { ...options, dtype: 'F32' }, first));
}
