import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { positionEmbedding } from '@webdit/core';
import { describe, expect, test } from 'vitest';
import { openModelFolder } from '../model-folder.ts';
import { type ParsedTensor, parseSafetensors } from '../safetensors/whole-file.ts';
import { pathSource } from '../sources/path.ts';
import { copyOf, editJson, editTensors, errorOf, golden, load, sameBytes } from '../testing/fixtures.ts';
import { RecordingSink } from '../testing/recording-sink.ts';

describe('the diffusers layout', () => {
  const folder = golden('dit-diffusers-tiny');
  const weights = 'transformer/diffusion_pytorch_model.safetensors';

  test('opens with the four numbers that differ from the original', async () => {
    const model = await openModelFolder(pathSource(folder));
    expect(model.layout).toBe('diffusers');
    expect(model.config).toMatchObject({ hiddenSize: 144, depth: 4, numHeads: 2, mlpHiddenSize: 576, numClasses: 10 });
    expect(model.config).toMatchObject({ learnSigma: true, outChannels: 8, frequencyEmbeddingSize: 256 });
    expect(model.config).toMatchObject({ timestepDivisor: 127, mlpNormEps: 1e-5, normEps: 1e-6, guidanceChannels: 4 });
    expect(model.scheduler).toMatchObject({ spacing: 'leading' });
    expect(model.defaults).toEqual({ numInferenceSteps: 50, guidanceScale: 4 });
    expect(model.classes?.[3]).toEqual({ id: 3, label: 'class 3' });
    expect(model.vae).toBeNull();
  });

  test('puts q, k and v into thirds of qkv, and the embedders of every block into its own', async () => {
    const file = parseSafetensors(await readFile(join(folder, weights)));
    const sink = await load(folder);
    for (const kind of ['weight', 'bias']) {
      const parts = ['to_q', 'to_k', 'to_v'].map(
        (part) => file.get(`transformer_blocks.2.attn1.${part}.${kind}`)!.data,
      );
      expect(sameBytes(sink.tensors.get(`blocks.2.attn.qkv.${kind}`)?.bytes, Buffer.concat(parts)), kind).toBe(true);
    }
    const same: [string, string][] = [
      ['x_embedder.proj.weight', 'pos_embed.proj.weight'],
      ['blocks.0.t_embedder.mlp.0.weight', 'transformer_blocks.0.norm1.emb.timestep_embedder.linear_1.weight'],
      ['blocks.3.t_embedder.mlp.2.bias', 'transformer_blocks.3.norm1.emb.timestep_embedder.linear_2.bias'],
      [
        'blocks.1.y_embedder.embedding_table.weight',
        'transformer_blocks.1.norm1.emb.class_embedder.embedding_table.weight',
      ],
      ['blocks.3.attn.proj.weight', 'transformer_blocks.3.attn1.to_out.0.weight'],
      ['blocks.3.mlp.fc1.weight', 'transformer_blocks.3.ff.net.0.proj.weight'],
      ['blocks.3.mlp.fc2.weight', 'transformer_blocks.3.ff.net.2.weight'],
      ['blocks.3.adaLN_modulation.1.weight', 'transformer_blocks.3.norm1.linear.weight'],
      ['final_layer.adaLN_modulation.1.bias', 'proj_out_1.bias'],
      ['final_layer.linear.weight', 'proj_out_2.weight'],
    ];
    for (const [name, source] of same) {
      expect(sameBytes(sink.tensors.get(name)?.bytes, file.get(source)?.data), name).toBe(true);
    }
    // 6 tensors outside the blocks and the position table, 15 in each block, where qkv arrives in 3 parts.
    expect(sink.tensors.size).toBe(7 + 4 * 15);
    expect(sink.ended).toBe(7 + 4 * 19);
  });

  test('computes the position table that the file leaves out', async () => {
    const sink = await load(folder);
    expect(sink.tensors.get('pos_embed')?.shape).toEqual([1, 64, 144]);
    expect(sink.floats('pos_embed')).toEqual(positionEmbedding({ rows: 8, columns: 8 }, 144));
    const halves = await load(folder, 'F16');
    expect(halves.tensors.get('pos_embed')?.bytes).toHaveLength(64 * 144 * 2);
  });

  test('refuses an activation that it does not compute', async () => {
    const copy = await copyOf(folder);
    await editJson(join(copy, 'transformer/config.json'), (json) => Object.assign(json, { activation_fn: 'geglu' }));
    const error = await errorOf(openModelFolder(pathSource(copy)));
    expect(error.code).toBe('unsupported-config');
    expect(error.message).toBe(
      'transformer/config.json has activation_fn "geglu"; WebDiT implements "gelu-approximate".',
    );
  });

  test('reads a config with -Infinity where it does not matter', async () => {
    const copy = await copyOf(folder);
    const path = join(copy, 'transformer/config.json');
    await writeFile(path, (await readFile(path, 'utf8')).replace('"dropout": 0.0', '"dropout": -Infinity'));
    expect((await openModelFolder(pathSource(copy))).layout).toBe('diffusers');
  });

  test.each<[string, (tensors: Map<string, ParsedTensor>) => void, string, string]>([
    [
      'a missing tensor',
      (tensors) => tensors.delete('transformer_blocks.1.attn1.to_k.weight'),
      'format',
      `Tensor transformer_blocks.1.attn1.to_k.weight is missing from ${weights}.`,
    ],
    [
      'another shape',
      (tensors) => tensors.set('proj_out_1.bias', { dtype: 'F32', shape: [4], data: new Uint8Array(16) }),
      'shape-mismatch',
      `Tensor proj_out_1.bias of ${weights} has shape [4]; the config asks for [288].`,
    ],
    [
      'an unknown tensor',
      (tensors) => tensors.set('extra.weight', { dtype: 'F32', shape: [1], data: new Uint8Array(4) }),
      'format',
      `${weights} holds the tensor extra.weight, which a model of this config does not have.`,
    ],
  ])('refuses a file with %s', async (_, change, code, message) => {
    const copy = await copyOf(folder);
    await editTensors(join(copy, weights), change);
    const error = await errorOf(openModelFolder(pathSource(copy)));
    expect([error.code, error.message]).toEqual([code, message]);
  });

  test('checks again before loading: a file that changed reaches no sink', async () => {
    const copy = await copyOf(folder);
    const model = await openModelFolder(pathSource(copy));
    await editTensors(join(copy, weights), (tensors) => tensors.delete('proj_out_2.bias'));
    const sink = new RecordingSink();
    expect((await errorOf(model.loadWeights(sink))).code).toBe('format');
    expect(sink.tensors.size).toBe(0);
  });

  test('refuses integer weights before it writes', async () => {
    const copy = await copyOf(folder);
    await editTensors(join(copy, weights), (tensors) => {
      tensors.set('proj_out_1.bias', { dtype: 'I32', shape: [288], data: new Uint8Array(288 * 4) });
    });
    const sink = new RecordingSink();
    const error = await errorOf((await openModelFolder(pathSource(copy))).loadWeights(sink));
    expect(error.message).toBe(`Tensor proj_out_1.bias of ${weights} is I32; weights are F32, F16, BF16 or I8.`);
    expect(sink.tensors.size).toBe(0);
  });
});
