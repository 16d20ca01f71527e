import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parameterCount, torchRandn } from '@webdit/core';
import { describe, expect, test } from 'vitest';
import { diffusersPixArtConfig, parseDiffusersPixArt } from '../layouts/diffusers-pixart.ts';
import { openModelFolder } from '../model-folder.ts';
import { readPromptEmbeds } from '../prompt-embeds.ts';
import { elementCount } from '../safetensors/dtypes.ts';
import { parseSafetensors } from '../safetensors/whole-file.ts';
import { pathSource } from '../sources/path.ts';
import { golden, load, sameBytes, scratchFolder } from '../testing/fixtures.ts';
import { pixArtAt, pixArtTiny } from './pixart.ts';
import { synthStd } from './random-weights.ts';
import { synthTensors, writeSynthModel } from './synth.ts';

const weights = 'transformer/diffusion_pytorch_model.safetensors';

describe('a synthetic PixArt-XL/2', () => {
  test.each([
    [256, 610_856_096, 1],
    [512, 610_856_096, 1],
    [1024, 611_349_152, 2],
  ])('of %d pixels is of the published size', (pixels, parameters, interpolationScale) => {
    const config = pixArtAt(pixels);
    const tensors = synthTensors(config);
    expect(tensors.reduce((sum, { shape }) => sum + elementCount(shape), 0)).toBe(parameters);
    expect(parameterCount(config)).toBe(parameters);
    expect(parseDiffusersPixArt(diffusersPixArtConfig(config), 'config.json')).toEqual(config);
    expect(config).toMatchObject({ latentHeight: pixels / 8, sizeConditions: pixels === 1024, interpolationScale });
    // One of the model's thousand seeds each, and two for its captions.
    expect(tensors.length).toBeLessThan(998);
  });

  test('scales the modulation of all blocks as that of one', () => {
    const tensors = synthTensors(pixArtAt(256));
    const std = (name: string) => synthStd(tensors.find((tensor) => tensor.name === name) as never);
    expect(std('adaln_single.linear.weight')).toBe(0.5 / Math.sqrt(1152));
    expect(std('transformer_blocks.3.scale_shift_table')).toBe(1 / Math.sqrt(1152));
    expect(std('caption_projection.linear_1.weight')).toBe(1 / Math.sqrt(4096));
    expect(std('transformer_blocks.3.attn2.to_k.bias')).toBe(0.02);
  });
});

describe('a synthetic pixart-tiny', () => {
  async function synth(dtype: 'F32' | 'F16') {
    const path = join(await scratchFolder(), 'model');
    await writeSynthModel(path, { config: pixArtTiny, dtype, seed: 2 });
    return path;
  }

  test('is of the golden’s sizes, with its names and its scheduler', async () => {
    const path = await synth('F32');
    const [made, model] = [
      await openModelFolder(pathSource(path)),
      await openModelFolder(pathSource(golden('pixart-tiny'))),
    ];
    for (const key of ['layout', 'config', 'scheduler', 'defaults'] as const) expect(made[key]).toEqual(model[key]);
    const shapes = ({ tensors }: typeof made) => new Map(tensors.map(({ name, shape }) => [name, shape]));
    expect(shapes(made)).toEqual(shapes(model));
    const index = JSON.parse(await readFile(join(path, 'model_index.json'), 'utf8'));
    expect(index.transformer).toEqual(['diffusers', 'PixArtTransformer2DModel']);
  });

  test('has the tensors that its metadata say, as torch would draw them', async () => {
    const file = await readFile(join(await synth('F32'), weights));
    const header = JSON.parse(file.toString('utf8', 8, 8 + file.readUInt32LE()));
    const recipes: Record<string, { seed: number; std: number }> = JSON.parse(header.__metadata__.synth);
    const tensors = parseSafetensors(file);
    expect(Object.keys(recipes)).toEqual([...tensors.keys()]);
    const wrong = [...tensors].filter(([name, { shape, data }], n) => {
      const { seed, std } = recipes[name] as { seed: number; std: number };
      const expected = torchRandn(seed, elementCount(shape)).map((value) => value * std);
      return seed !== 2000 + n || !sameBytes(new Uint8Array(expected.buffer), data);
    });
    expect(wrong).toEqual([]);
  });

  test.each(['F32', 'F16'] as const)('has captions beside it, in %s', async (dtype) => {
    const path = await synth(dtype);
    const captions = await readPromptEmbeds(pathSource(path));
    expect(captions.promptEmbeds.shape).toEqual([1, 20, 48]);
    expect(captions.negativePromptEmbeds?.shape).toEqual([1, 20, 48]);
    const kept = (mask = captions.promptAttentionMask) => mask?.data.join('');
    expect(kept()).toBe(`${'1'.repeat(14)}${'0'.repeat(6)}`);
    expect(kept(captions.negativePromptAttentionMask)).toBe(`1${'0'.repeat(19)}`);
    const drawn = torchRandn(2998, 20 * 48);
    const off = captions.promptEmbeds.data.map((value, i) => Math.abs(value - drawn[i]!));
    expect(Math.max(...off)).toBeLessThanOrEqual(dtype === 'F32' ? 0 : 2 ** -10);
    expect(captions.negativePromptEmbeds?.data[0]).toBeCloseTo(torchRandn(2999, 20 * 48)[0]!, 2);
    expect((await load(path)).tensors.has('blocks.0.cross_attn.kv_linear.weight')).toBe(true);
  });
});
