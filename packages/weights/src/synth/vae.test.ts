import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { autoencoderDecoderShapes } from '@webdit/core';
import { expect, test } from 'vitest';
import { openAutoencoderKL } from '../layouts/autoencoder-kl.ts';
import { elementCount } from '../safetensors/dtypes.ts';
import { pathSource } from '../sources/path.ts';
import { scratchFolder } from '../testing/fixtures.ts';
import { RecordingSink } from '../testing/recording-sink.ts';
import { synthStd } from './random-weights.ts';
import { sdVae, writeSynthVae } from './vae.ts';

test('the decoder is of the published size', () => {
  // 49 490 179 of the decoder and 20 of post_quant_conv, in diffusers.
  const parameters = autoencoderDecoderShapes(sdVae(128)).reduce((sum, { shape }) => sum + elementCount(shape), 0);
  expect(parameters).toBe(49_490_199);
});

test('a small one opens, and is what it was asked to be', async () => {
  const path = join(await scratchFolder(), 'vae-only');
  const config = sdVae(32);
  const bytes = await writeSynthVae(path, { config, dtype: 'F16', seed: 0 });
  expect(await readdir(path)).toEqual(['vae']);
  const vae = await openAutoencoderKL(pathSource(path));
  expect(vae.config).toEqual(config);
  expect(vae.weightFiles).toEqual([{ path: 'vae/diffusion_pytorch_model.safetensors', bytes }]);
  const sink = new RecordingSink('F32');
  await vae.loadWeights(sink);
  expect([...sink.tensors.keys()].sort()).toEqual(
    autoencoderDecoderShapes(config)
      .map(({ name }) => name)
      .sort(),
  );
});

test('convolutions keep the size of what they add up, and norms that of what they scale', () => {
  const std = (name: string) =>
    synthStd(autoencoderDecoderShapes(sdVae(32)).find((tensor) => tensor.name === name) as never);
  expect(std('decoder.conv_in.weight')).toBe(1 / Math.sqrt(4 * 9));
  expect(std('decoder.mid_block.attentions.0.to_q.weight')).toBe(1 / Math.sqrt(128));
  expect(std('decoder.conv_norm_out.weight')).toBe(1);
  expect(std('decoder.conv_out.bias')).toBe(0.02);
});
