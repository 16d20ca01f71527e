import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openModelFolder } from '../model-folder.ts';
import { parseSafetensors } from '../safetensors/whole-file.ts';
import { pathSource } from '../sources/path.ts';
import { scratchFolder } from '../testing/fixtures.ts';
import { relativeBucket } from './t5.ts';
import { t5Tiny, writeTextToImageTiny } from './text-to-image.ts';

async function synth(seed: number) {
  const path = join(await scratchFolder(), 'model');
  const bytes = await writeTextToImageTiny(path, { dtype: 'F32', seed });
  const read = async (name: string) => readFile(join(path, name));
  return { path, bytes, read };
}

test('is a diffusers folder with all its parts, the same every time', async () => {
  const [one, other] = [await synth(3), await synth(3)];
  const files = (await readdir(one.path, { recursive: true })).filter((name) => /\.\w+$/.test(name)).sort();
  expect(files).toEqual([
    'model_index.json',
    'prompt_embeds.safetensors',
    'scheduler/scheduler_config.json',
    'text_encoder/config.json',
    'text_encoder/model.onnx',
    'text_encoder/model.safetensors',
    'tokenizer/tokenizer.json',
    'tokenizer/tokenizer_config.json',
    'transformer/config.json',
    'transformer/diffusion_pytorch_model.safetensors',
    'vae/config.json',
    'vae/diffusion_pytorch_model.safetensors',
  ]);
  let weights = 0;
  for (const file of files) {
    const content = await one.read(file);
    expect(content.equals(await other.read(file)), file).toBe(true);
    if (/model\.(onnx|safetensors)$/.test(file)) weights += content.length;
  }
  expect(weights).toBe(one.bytes);
  const { config, vae, layout } = await openModelFolder(pathSource(one.path));
  expect({ layout, vae }).toMatchObject({
    layout: 'diffusers',
    vae: { kind: 'autoencoder-kl', spatialScale: 8, latentChannels: 4 },
  });
  expect(config).toMatchObject({ kind: 'pixart', captionChannels: t5Tiny.d_model });
});

test('has the encoder’s weights in the graph as in the safetensors file, and seeds of its own for each part', async () => {
  const { read } = await synth(1);
  const onnx = await read('text_encoder/model.onnx');
  const tensors = parseSafetensors(await read('text_encoder/model.safetensors'));
  expect(tensors.get('shared.weight')?.shape).toEqual([t5Tiny.vocab_size, 48]);
  expect(tensors.get('encoder.block.5.layer.0.SelfAttention.q.weight')?.shape).toEqual([64, 48]);
  expect(tensors.size).toBe(6 * 9 + 3);
  expect([...tensors].filter(([, { data }]) => !onnx.includes(Buffer.from(data.buffer))).map(([name]) => name)).toEqual(
    [],
  );

  const seeds: number[] = [];
  for (const part of ['transformer/diffusion_pytorch_', 'vae/diffusion_pytorch_', 'text_encoder/']) {
    const file = await read(`${part}model.safetensors`);
    const { __metadata__ } = JSON.parse(file.toString('utf8', 8, 8 + file.readUInt32LE()));
    for (const { seed } of Object.values<{ seed: number }>(JSON.parse(__metadata__.synth))) seeds.push(seed);
  }
  expect(new Set(seeds).size).toBe(seeds.length);
  expect([Math.min(...seeds), seeds.every((seed) => seed < 1998)]).toEqual([1000, true]);
});

test('has a tokenizer whose ids are the rows of the embedding', async () => {
  const { read } = await synth(0);
  const { model, added_tokens } = JSON.parse(await read('tokenizer/tokenizer.json').then(String));
  const texts: string[] = model.vocab.map(([text]: [string]) => text);
  expect(texts).toHaveLength(t5Tiny.vocab_size);
  expect(new Set(texts).size).toBe(texts.length);
  expect(texts.slice(0, 4)).toEqual(['<pad>', '</s>', '<unk>', '▁']);
  expect(added_tokens.map(({ content, id }: { content: string; id: number }) => texts[id] === content)).toEqual([
    true,
    true,
    true,
  ]);
  for (const character of 'azAZ09.,!?') expect(texts).toContain(character);
});

test('counts distances as T5 does', () => {
  // transformers' T5Attention._relative_position_bucket, bidirectional, 32 buckets up to 128.
  const expected: readonly [distance: number, bucket: number][] = [
    [0, 0],
    [-1, 1],
    [1, 17],
    [-7, 7],
    [-8, 8],
    [11, 24],
    [12, 25],
    [-16, 10],
    [22, 26],
    [23, 27],
    [-32, 12],
    [-45, 12],
    [-46, 13],
    [64, 30],
    [90, 30],
    [91, 31],
    [127, 31],
    [-128, 15],
    [5000, 31],
  ];
  expect(expected.map(([distance]) => [distance, relativeBucket(t5Tiny, distance)])).toEqual(expected);
});
