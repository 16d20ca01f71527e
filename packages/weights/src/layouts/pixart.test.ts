import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type PixArtConfig, pixArtTensorShapes, pixArtXl2, tensorShapes } from '@webdit/core';
import { describe, expect, test } from 'vitest';
import { describeModelFolder, openModelFolder } from '../model-folder.ts';
import { elementCount } from '../safetensors/dtypes.ts';
import { type ParsedTensor, parseSafetensors, tensorToFloat32 } from '../safetensors/whole-file.ts';
import { pathSource } from '../sources/path.ts';
import { copyOf, editJson, editTensors, errorOf, golden, load, sameBytes } from '../testing/fixtures.ts';
import { diffusersPixArtTensors, parseDiffusersPixArt } from './diffusers-pixart.ts';
import { nativePixArtConfig, parseNativePixArt } from './native-pixart.ts';

const weights = 'transformer/diffusion_pytorch_model.safetensors';
const goldens = ['pixart-tiny', 'pixart-tiny-microcond'].map(golden);

const tiny: PixArtConfig = {
  kind: 'pixart',
  inputSize: 16,
  latentHeight: 16,
  latentWidth: 16,
  patchSize: 2,
  inChannels: 4,
  outChannels: 8,
  hiddenSize: 72,
  depth: 4,
  numHeads: 2,
  mlpHiddenSize: 288,
  learnSigma: true,
  frequencyEmbeddingSize: 256,
  timestepDivisor: 128,
  normEps: 1e-6,
  mlpNormEps: 1e-6,
  guidanceChannels: 4,
  captionChannels: 48,
  maxCaptionTokens: 120,
  sizeConditions: false,
  interpolationScale: 1,
};

describe.each([false, true])('a diffusers folder of PixArt with size conditions: %s', (sizeConditions) => {
  const folder = goldens[Number(sizeConditions)] as string;

  test('opens, with the numbers of its config', async () => {
    const model = await openModelFolder(pathSource(folder));
    expect(model).toMatchObject({ layout: 'diffusers', classes: null, vae: null, notes: [], weightsDType: 'F32' });
    expect(model.config).toEqual({ ...tiny, sizeConditions });
    expect(model.scheduler).toMatchObject({ kind: 'dpmpp', spacing: 'linspace' });
    expect(model.defaults).toEqual({ numInferenceSteps: 20, guidanceScale: 4.5 });
    expect(await (await describeModelFolder(pathSource(folder))).classes()).toBeNull();
  });

  test('fills every tensor of the graph from every tensor of the file, once', async () => {
    const file = parseSafetensors(await readFile(join(folder, weights)));
    const sources = diffusersPixArtTensors({ ...tiny, sizeConditions }).filter(({ optional }) => !optional);
    expect(sources.map(({ source }) => source).sort()).toEqual([...file.keys()].sort());
    const sink = await load(folder);
    const shapes = new Map(tensorShapes({ ...tiny, sizeConditions }).map(({ name, shape }) => [name, shape]));
    expect([...sink.tensors.keys()].sort()).toEqual([...shapes.keys()].sort());
    for (const [name, { shape, parts }] of sink.tensors) {
      expect(shape, name).toEqual(shapes.get(name));
      const starts = parts.map(({ elementOffset }) => elementOffset).sort((a, b) => a - b);
      const [{ elementCount: each } = { elementCount: 0 }] = parts;
      expect(starts, name).toEqual(Array.from(parts, (_, part) => part * each));
      expect(each * parts.length, name).toBe(elementCount(shape));
    }
  });

  test('knows its tensors by the original names', async () => {
    const file = parseSafetensors(await readFile(join(folder, weights)));
    const { tensors } = await load(folder);
    const emb = 'adaln_single.emb';
    const same: Record<string, string> = {
      'x_embedder.proj': 'pos_embed.proj',
      't_embedder.mlp.0': `${emb}.timestep_embedder.linear_1`,
      't_embedder.mlp.2': `${emb}.timestep_embedder.linear_2`,
      't_block.1': 'adaln_single.linear',
      'y_embedder.y_proj.fc1': 'caption_projection.linear_1',
      'y_embedder.y_proj.fc2': 'caption_projection.linear_2',
      'blocks.3.attn.proj': 'transformer_blocks.3.attn1.to_out.0',
      'blocks.3.cross_attn.q_linear': 'transformer_blocks.3.attn2.to_q',
      'blocks.3.cross_attn.proj': 'transformer_blocks.3.attn2.to_out.0',
      'blocks.3.mlp.fc1': 'transformer_blocks.3.ff.net.0.proj',
      'blocks.3.mlp.fc2': 'transformer_blocks.3.ff.net.2',
      'final_layer.linear': 'proj_out',
      ...(sizeConditions && {
        'csize_embedder.mlp.0': `${emb}.resolution_embedder.linear_1`,
        'csize_embedder.mlp.2': `${emb}.resolution_embedder.linear_2`,
        'ar_embedder.mlp.0': `${emb}.aspect_ratio_embedder.linear_1`,
        'ar_embedder.mlp.2': `${emb}.aspect_ratio_embedder.linear_2`,
      }),
    };
    const pairs = Object.entries(same).flatMap(([name, source]) =>
      ['weight', 'bias'].map((part): [string, string] => [`${name}.${part}`, `${source}.${part}`]),
    );
    pairs.push(['final_layer.scale_shift_table', 'scale_shift_table']);
    pairs.push(['blocks.2.scale_shift_table', 'transformer_blocks.2.scale_shift_table']);
    const wrong = pairs.filter(([name, source]) => !sameBytes(tensors.get(name)?.bytes, file.get(source)?.data));
    expect(wrong).toEqual([]);
  });

  test('joins rows of q, k and v of the picture, and of k and v of the caption', async () => {
    const file = parseSafetensors(await readFile(join(folder, weights)));
    const sink = await load(folder);
    const row = (name: string, index: number) =>
      tensorToFloat32(file.get(`transformer_blocks.2.${name}.weight`) as ParsedTensor).slice(72 * index, 72 * ++index);
    const joined = (name: string, index: number) =>
      sink.floats(`blocks.2.${name}.weight`).slice(72 * index, 72 * ++index);
    expect(joined('attn.qkv', 5)).toEqual(row('attn1.to_q', 5));
    expect(joined('attn.qkv', 72)).toEqual(row('attn1.to_k', 0));
    expect(joined('attn.qkv', 215)).toEqual(row('attn1.to_v', 71));
    expect(joined('cross_attn.kv_linear', 71)).toEqual(row('attn2.to_k', 71));
    expect(joined('cross_attn.kv_linear', 75)).toEqual(row('attn2.to_v', 3));
    const biases = ['to_k', 'to_v'].map((part) => file.get(`transformer_blocks.2.attn2.${part}.bias`)!.data);
    const bias = sink.tensors.get('blocks.2.cross_attn.kv_linear.bias')?.bytes;
    expect(sameBytes(bias, Buffer.concat(biases))).toBe(true);
  });
});

/** The published model of 1024 pixels as early diffusers wrote it, before its class had a name of its own. */
const early = {
  _class_name: 'Transformer2DModel',
  _diffusers_version: '0.22.0.dev0',
  activation_fn: 'gelu-approximate',
  attention_bias: true,
  attention_head_dim: 72,
  attention_type: 'default',
  caption_channels: 4096,
  cross_attention_dim: 1152,
  double_self_attention: false,
  dropout: 0,
  in_channels: 4,
  norm_elementwise_affine: false,
  norm_eps: 1e-6,
  norm_num_groups: 32,
  norm_type: 'ada_norm_single',
  num_attention_heads: 16,
  num_embeds_ada_norm: 1000,
  num_layers: 28,
  num_vector_embeds: null,
  only_cross_attention: false,
  out_channels: 8,
  patch_size: 2,
  sample_size: 128,
  upcast_attention: false,
  use_linear_projection: false,
};

describe('the config of a diffusers PixArt', () => {
  const read = (json: Record<string, unknown>) => parseDiffusersPixArt(json, 'config.json');
  const sized = (inputSize: number) => ({ inputSize, latentHeight: inputSize, latentWidth: inputSize });

  test('of the published sizes, with diffusers’ rules for what older files leave out', () => {
    expect(read({ ...early, sample_size: 32 })).toEqual(pixArtXl2);
    expect(read({ ...early, sample_size: 64 })).toEqual({ ...pixArtXl2, ...sized(64) });
    const large = { ...pixArtXl2, ...sized(128), interpolationScale: 2, sizeConditions: true };
    expect(read(early)).toEqual(large);
    expect(read({ ...early, interpolation_scale: null, use_additional_conditions: null })).toEqual(large);
    expect(read({ ...early, sample_size: 96 })).toMatchObject({ interpolationScale: 1, sizeConditions: false });
    expect(read({ ...early, use_additional_conditions: false, interpolation_scale: 0.5 })).toEqual({
      ...large,
      sizeConditions: false,
      interpolationScale: 0.5,
    });
  });

  test('with what a trainer’s moving average leaves behind', () => {
    expect(read({ ...early, decay: 0.999, power: 0.667, use_ema_warmup: false, optimization_step: 7 })).toEqual(
      read(early),
    );
  });

  test('is told from a DiT of the old class by its norm', async () => {
    const copy = await copyOf(goldens[0] as string);
    const config = join(copy, 'transformer/config.json');
    await editJson(config, (json) => Object.assign(json, { _class_name: 'Transformer2DModel' }));
    expect((await openModelFolder(pathSource(copy))).config).toEqual(tiny);
    await editJson(config, (json) => Object.assign(json, { norm_type: 'ada_norm_zero' }));
    expect((await errorOf(openModelFolder(pathSource(copy)))).message).toContain('caption_channels');
  });

  test.each<[string, unknown, string]>([
    ['activation_fn', 'geglu', 'has activation_fn "geglu"; WebDiT implements "gelu-approximate"'],
    ['attention_bias', false, 'has attention_bias false'],
    ['attention_type', 'gated', 'has attention_type "gated"'],
    ['norm_type', 'ada_norm', 'has norm_type "ada_norm"'],
    ['norm_eps', 1e-5, 'has norm_eps 0.00001; WebDiT implements 0.000001'],
    ['norm_elementwise_affine', true, 'has norm_elementwise_affine true'],
    ['only_cross_attention', true, 'has only_cross_attention true'],
    ['double_self_attention', true, 'has double_self_attention true'],
    ['use_linear_projection', true, 'has use_linear_projection true'],
    ['num_vector_embeds', 8, 'has num_vector_embeds 8'],
    ['cross_attention_dim', 768, 'has cross_attention_dim 768, but projects captions to width 1152'],
    ['caption_channels', null, 'has no key caption_channels'],
    ['sample_size', null, 'has no key sample_size'],
    ['out_channels', 6, 'has out_channels 6'],
    ['use_additional_conditions', 1, 'has use_additional_conditions 1, which is not true or false'],
    ['interpolation_scale', 0, 'has interpolation_scale 0, which is not a positive number'],
    ['attention_head_dim', 70, 'has cross_attention_dim 1152, but projects captions to width 1120'],
    ['sample_size', 33, 'input size 33 is not a multiple of patch size 2'],
    ['qk_norm', 'rms_norm', 'has the key qk_norm, which WebDiT does not know'],
    ['_class_name', 'SanaTransformer2DModel', 'has _class_name "SanaTransformer2DModel"'],
  ])('is refused by name for %s %j', (key, value, message) => {
    expect(() => read({ ...early, [key]: value })).toThrow(
      expect.objectContaining({ code: 'unsupported-config', message: expect.stringContaining(message) }),
    );
  });

  test('is refused where the width does not divide into conditions of size', () => {
    const narrow = { ...early, attention_head_dim: 4, cross_attention_dim: 64 };
    expect(() => read(narrow)).toThrow('hidden size 64 is not a multiple of 3, which conditions of size need');
    expect(read({ ...narrow, use_additional_conditions: false }).hiddenSize).toBe(64);
  });
});

describe('the weights of a diffusers PixArt', () => {
  const change = async (edit: Parameters<typeof editTensors>[1]) => {
    const copy = await copyOf(goldens[0] as string);
    await editTensors(join(copy, weights), edit);
    return copy;
  };
  const zeros = (shape: number[]): ParsedTensor => ({
    dtype: 'F32',
    shape,
    data: new Uint8Array(4 * elementCount(shape)),
  });

  test('may hold a position table and the caption of no text, which are not read', async () => {
    const copy = await change((tensors) => {
      tensors.set('pos_embed.pos_embed', zeros([1, 64, 72]));
      tensors.set('caption_projection.y_embedding', zeros([120, 48]));
    });
    const { tensors } = await load(copy);
    expect([...tensors.keys()].sort()).toEqual(
      pixArtTensorShapes(tiny)
        .map(({ name }) => name)
        .sort(),
    );
  });

  test.each<[string, Parameters<typeof editTensors>[1], string, string]>([
    [
      'a missing half',
      (tensors) => tensors.delete('transformer_blocks.1.attn2.to_v.bias'),
      'format',
      `Tensor transformer_blocks.1.attn2.to_v.bias is missing from ${weights}.`,
    ],
    [
      'a table of another shape',
      (tensors) => tensors.set('scale_shift_table', zeros([6, 72])),
      'shape-mismatch',
      `Tensor scale_shift_table of ${weights} has shape [6, 72]; the config asks for [2, 72].`,
    ],
    [
      'an embedder of conditions it does not have',
      (tensors) => tensors.set('adaln_single.emb.resolution_embedder.linear_1.bias', zeros([24])),
      'format',
      `${weights} holds the tensor adaln_single.emb.resolution_embedder.linear_1.bias, which a model of this config does not have.`,
    ],
  ])('are refused with %s', async (_, edit, code, message) => {
    expect(await errorOf(openModelFolder(pathSource(await change(edit))))).toMatchObject({ code, message });
  });
});

describe('the config of a native PixArt', () => {
  const roundTrip = (config: PixArtConfig) =>
    parseNativePixArt(JSON.parse(JSON.stringify(nativePixArtConfig(config))), 'config.json');

  test.each<PixArtConfig>([
    pixArtXl2,
    { ...pixArtXl2, inputSize: 128, latentHeight: 128, latentWidth: 128, sizeConditions: true, interpolationScale: 2 },
    { ...tiny, maxCaptionTokens: 300, mlpHiddenSize: 300, guidanceChannels: 3, learnSigma: false, outChannels: 4 },
    { ...tiny, timestepDivisor: 127, mlpNormEps: 1e-5, frequencyEmbeddingSize: 128 },
  ])('is read as it was written', (config) => {
    expect(roundTrip(config)).toEqual(config);
  });

  test('leaves out what a missing key means', () => {
    expect(JSON.parse(JSON.stringify(nativePixArtConfig(pixArtXl2)))).toEqual({
      _class_name: 'PixArt',
      input_size: 32,
      patch_size: 2,
      in_channels: 4,
      hidden_size: 1152,
      depth: 28,
      num_heads: 16,
      mlp_ratio: 4,
      learn_sigma: true,
      frequency_embedding_size: 256,
      norm_eps: 1e-6,
      caption_channels: 4096,
      model_max_length: 120,
      pe_interpolation: 1,
    });
  });

  test('is refused by name', () => {
    const json = nativePixArtConfig(tiny);
    expect(() => parseNativePixArt({ ...json, num_classes: 10 }, 'c')).toThrow('has the key num_classes');
    expect(() => parseNativePixArt({ ...json, caption_channels: null }, 'c')).toThrow('has no key caption_channels');
    expect(() => parseNativePixArt({ ...json, micro_condition: 'yes' }, 'c')).toThrow('has micro_condition "yes"');
  });
});
