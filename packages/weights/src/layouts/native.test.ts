import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openModelFolder } from '../model-folder.ts';
import { parseSafetensors, tensorToFloat32 } from '../safetensors/whole-file.ts';
import { filesSource } from '../sources/files.ts';
import { pathSource } from '../sources/path.ts';
import { copyOf, editJson, emojiDiT, errorOf, load, sameBytes, sha256 } from '../testing/fixtures.ts';
import { RecordingSink } from '../testing/recording-sink.ts';

describe('the native layout', () => {
  const folder = emojiDiT;

  test('opens emoji-dit', async () => {
    const model = await openModelFolder(pathSource(folder));
    expect(model.layout).toBe('native');
    expect(model.config).toEqual({
      kind: 'dit',
      inputSize: 16,
      patchSize: 2,
      inChannels: 4,
      outChannels: 4,
      hiddenSize: 256,
      depth: 8,
      numHeads: 4,
      mlpHiddenSize: 1024,
      numClasses: 1008,
      learnSigma: false,
      frequencyEmbeddingSize: 256,
      timestepDivisor: 128,
      normEps: 1e-6,
      mlpNormEps: 1e-6,
      embeddersPerBlock: false,
      guidanceChannels: 4,
    });
    expect(model.scheduler).toMatchObject({ kind: 'ddim', spacing: 'respaced' });
    expect(model.defaults).toEqual({ numInferenceSteps: 50, guidanceScale: 3 });
    expect(model.classes).toHaveLength(1008);
    expect(model.classes?.[385]).toMatchObject({ id: 385, label: 'pizza', emoji: '🍕', group: 'food-drink' });
    expect(model.vae).toEqual({
      kind: 'onnx',
      scalingFactor: 0.9859040379524231,
      latentChannels: 4,
      spatialScale: 4,
      decoder: 'vae/decoder.onnx',
      encoder: 'vae/encoder.onnx',
      preview: { factors: expect.any(Array), bias: expect.any(Array) },
    });
    expect(model.weightFiles).toEqual([{ path: 'transformer/diffusion_pytorch_model.safetensors', bytes: 20037192 }]);
    expect([model.weightsSize, model.weightsDType, model.tensors.length]).toEqual([20037192, 'F16', 92]);
    expect(await model.read('vae/decoder.onnx')).toHaveLength(3151075);
  });

  test('keeps f16 bytes as they are, and widens them exactly', async () => {
    const file = parseSafetensors(await readFile(join(folder, 'transformer/diffusion_pytorch_model.safetensors')));
    const half = await load(folder, 'F16');
    const full = await load(folder, 'F32');
    expect([...half.tensors.keys()].sort()).toEqual([...file.keys()].sort());
    for (const [name, tensor] of file) {
      expect(half.tensors.get(name)?.shape).toEqual(tensor.shape);
      expect(sameBytes(half.tensors.get(name)?.bytes, tensor.data), name).toBe(true);
      expect(sameBytes(full.tensors.get(name)?.bytes, new Uint8Array(tensorToFloat32(tensor).buffer)), name).toBe(true);
    }
    expect(full.largestWrite).toBe(2 ** 20);
  });

  test('reads the same folder from dropped files', async () => {
    const paths = [
      'model_index.json',
      'classes.json',
      'scheduler/scheduler_config.json',
      'transformer/config.json',
      'transformer/diffusion_pytorch_model.safetensors',
      'vae/config.json',
      'vae/preview.json',
    ];
    const files = paths.map(async (path) => ({
      path: `emoji-dit/${path}`,
      file: new Blob([await readFile(join(folder, path))]),
    }));
    const sink = new RecordingSink('F16');
    await (await openModelFolder(filesSource(await Promise.all(files)))).loadWeights(sink);
    const reference = await load(folder, 'F16');
    expect(sha256(sink.tensors.get('blocks.7.mlp.fc2.weight')!.bytes)).toBe(
      sha256(reference.tensors.get('blocks.7.mlp.fc2.weight')!.bytes),
    );
  });

  test.each<[string, (json: Record<string, unknown>) => void, string]>([
    ['a missing key', (json) => delete json.hidden_size, 'transformer/config.json has no key hidden_size.'],
    ['a wrong type', (json) => Object.assign(json, { depth: 'eight' }), 'has depth "eight"'],
    ['a value below 1', (json) => Object.assign(json, { num_heads: 0 }), 'has num_heads 0'],
    ['an unknown key', (json) => Object.assign(json, { qk_norm: true }), 'has the key qk_norm'],
    ['another class', (json) => Object.assign(json, { _class_name: 'FluxTransformer' }), '_class_name FluxTransformer'],
    ['heads that do not divide', (json) => Object.assign(json, { num_heads: 3 }), 'not a multiple of 3 heads'],
  ])('refuses a config with %s', async (_, change, message) => {
    const copy = await copyOf(folder);
    await editJson(join(copy, 'transformer/config.json'), change);
    const error = await errorOf(openModelFolder(pathSource(copy)));
    expect(error.code).toBe('unsupported-config');
    expect(error.message).toContain(message);
  });

  test.each<[string, string, string]>([
    ['transformer/diffusion_pytorch_model.safetensors', 'not-found', 'transformer/diffusion_pytorch_model.safetensors'],
    ['scheduler/scheduler_config.json', 'not-found', 'scheduler/scheduler_config.json'],
    ['classes.json', 'not-found', 'classes.json'],
    ['vae/config.json', 'not-found', 'vae/config.json'],
  ])('names the missing file %s', async (file, code, name) => {
    const copy = await copyOf(folder);
    await rm(join(copy, file));
    const error = await errorOf(openModelFolder(pathSource(copy)));
    expect([error.code, error.message.includes(name)]).toEqual([code, true]);
  });

  test('says that an empty folder is no model folder', async () => {
    const copy = await copyOf(join(folder, 'scheduler'));
    const error = await errorOf(openModelFolder(pathSource(copy)));
    expect(error.code).toBe('not-found');
    expect(error.message).toContain('neither model_index.json nor model.safetensors');
  });

  test.each<[string, unknown, string]>([
    ['an id out of range', [{ id: 1008, label: 'x' }], 'has id 1008'],
    [
      'an id twice',
      [
        { id: 1, label: 'x' },
        { id: 1, label: 'y' },
      ],
      'has id 1 twice',
    ],
    ['no label', [{ id: 1 }], 'without a whole id and a label'],
    ['no array', {}, 'is not an array'],
  ])('refuses a class table with %s', async (_, table, message) => {
    const copy = await copyOf(folder);
    await writeFile(join(copy, 'classes.json'), JSON.stringify(table));
    const error = await errorOf(openModelFolder(pathSource(copy)));
    expect([error.code, error.message.includes(message)]).toEqual(['format', true]);
  });

  test('refuses a VAE of other channels, and paths out of the folder', async () => {
    const copy = await copyOf(folder);
    await editJson(join(copy, 'vae/config.json'), (json) => Object.assign(json, { latent_channels: 8 }));
    expect((await errorOf(openModelFolder(pathSource(copy)))).code).toBe('unsupported-config');
    const model = await openModelFolder(pathSource(folder));
    expect((await errorOf(model.read('../../package.json'))).code).toBe('bad-argument');
    expect((await errorOf(model.read('absent.json'))).code).toBe('not-found');
  });
});
