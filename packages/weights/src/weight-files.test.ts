import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { makeManifest } from './make-manifest.ts';
import { openModelFolder } from './model-folder.ts';
import { filesSource } from './sources/files.ts';
import { pathSource } from './sources/path.ts';
import { copyOf, editTensors, errorOf, golden, load, sameBytes } from './testing/fixtures.ts';
import { RecordingSink } from './testing/recording-sink.ts';
import { type Shards, splitWeights } from './testing/split-weights.ts';

const weights = 'transformer/diffusion_pytorch_model.safetensors';
const shard = (i: number) => `transformer/diffusion_pytorch_model-0000${i}-of-00003.safetensors`;

async function sharded(spoil?: (shards: Shards) => unknown): Promise<string> {
  const folder = await copyOf(golden('dit-diffusers-tiny'));
  await splitWeights(join(folder, weights), 3, spoil);
  return folder;
}

describe('shards', () => {
  test.each([
    ['dit-diffusers-tiny', weights],
    ['dit-original-tiny', 'model.safetensors'],
  ])('of %s hold what the single file held', async (name, path) => {
    const whole = await openModelFolder(pathSource(golden(name)));
    const reference = await load(golden(name));
    const folder = await copyOf(golden(name));
    await splitWeights(join(folder, path), 3);
    const model = await openModelFolder(pathSource(folder));
    expect(model.config).toEqual(whole.config);
    expect(model.weightFiles.map((file) => file.path)).toEqual(
      [1, 2, 3].map((i) => path.replace('.safetensors', `-0000${i}-of-00003.safetensors`)),
    );
    expect(model.weightsSize).toBe(model.weightFiles.reduce((sum, { bytes }) => sum + bytes, 0));
    expect(new Set(model.tensors.map((tensor) => tensor.name))).toEqual(new Set(whole.tensors.map((t) => t.name)));
    const sink = new RecordingSink();
    const progress = new Map<string, number>();
    await model.loadWeights(sink, { onProgress: ({ file, loaded }) => progress.set(file, loaded) });
    expect([...progress]).toEqual(model.weightFiles.map(({ path, bytes }) => [path, bytes]));
    expect(sink.tensors.size).toBe(reference.tensors.size);
    for (const [tensor, { bytes }] of reference.tensors) {
      expect(sameBytes(sink.tensors.get(tensor)?.bytes, bytes), tensor).toBe(true);
    }
  });

  test('of an original model without a config are told by their shapes', async () => {
    const folder = await copyOf(golden('dit-original-tiny'));
    await rm(join(folder, 'config.json'));
    await splitWeights(join(folder, 'model.safetensors'), 2);
    const { config } = await openModelFolder(pathSource(golden('dit-original-tiny')));
    expect((await openModelFolder(pathSource(folder), { numHeads: config.numHeads })).config).toEqual(config);
  });

  test('are files of the manifest, with their index', async () => {
    const { files } = await makeManifest(pathSource(await sharded()));
    const paths = files.map(({ path }) => path).filter((path) => path.startsWith('transformer/diff'));
    expect(paths).toEqual([1, 2, 3].map(shard).concat(`${weights}.index.json`));
  });

  test('are found in a dropped folder', async () => {
    const folder = await copyOf(golden('dit-original-tiny'));
    await splitWeights(join(folder, 'model.safetensors'), 2);
    const names = ['config.json', 'model.safetensors.index.json'].concat(
      [1, 2].map((i) => `model-0000${i}-of-00002.safetensors`),
    );
    const files = await Promise.all(
      names.map(async (name) => ({ path: `mine/${name}`, file: new Blob([await readFile(join(folder, name))]) })),
    );
    const model = await openModelFolder(filesSource(files));
    expect([model.name, model.weightFiles.length]).toEqual(['mine', 2]);
  });

  const query = 'transformer_blocks.1.attn1.to_q.weight';
  /** Shards by number, and what moves of `query`, which lies in shard 1. */
  const held = ({ files }: Shards, i: number) => [...files.values()][i - 1]!;
  const copyTo = (shards: Shards, i: number) => held(shards, i).set(query, held(shards, 1).get(query)!);

  test.each<[string, (shards: Shards) => unknown, string]>([
    [
      'a tensor in two shards',
      (shards) => copyTo(shards, 3),
      `Tensor ${query} is in two shards, ${shard(1)} and ${shard(3)}.`,
    ],
    [
      'a tensor in another shard than the index says',
      (shards) => copyTo(shards, 2) && held(shards, 1).delete(query),
      `Tensor ${query} is in shard ${shard(2)}, but ${weights}.index.json puts it into ${shard(1)}.`,
    ],
    [
      'a tensor in no shard',
      (shards) => held(shards, 1).delete(query),
      `Shard ${shard(1)} lacks the tensor ${query}, which ${weights}.index.json puts into it.`,
    ],
    [
      'a tensor that the index does not name',
      (shards) => shards.map.delete(query),
      `Shard ${shard(1)} holds the tensor ${query}, which ${weights}.index.json does not name.`,
    ],
    [
      'a shard outside its folder',
      (shards) => shards.map.set(query, '../x.safetensors'),
      `${weights}.index.json puts tensor ${query} into "../x.safetensors", which is not the name of a safetensors file.`,
    ],
    [
      'an empty index',
      (shards) => shards.map.clear(),
      `${weights}.index.json has no weight_map that names the shards.`,
    ],
  ])('refuses %s', async (_, spoil, message) => {
    const error = await errorOf(openModelFolder(pathSource(await sharded(spoil))));
    expect([error.code, error.message]).toEqual(['format', message]);
  });

  test('says which shard is missing', async () => {
    const folder = await sharded();
    await rm(join(folder, shard(2)));
    const error = await errorOf(openModelFolder(pathSource(folder)));
    expect([error.code, error.message]).toEqual(['not-found', `${folder} has no file ${shard(2)}.`]);
  });

  test('says which shard has a tensor of another shape, or cut short', async () => {
    const folder = await sharded();
    let changed = '';
    await editTensors(join(folder, shard(2)), (tensors) => {
      changed = [...tensors.keys()].find((name) => name.endsWith('linear_1.bias')) ?? '';
      tensors.set(changed, { dtype: 'F32', shape: [4], data: new Uint8Array(16) });
    });
    const error = await errorOf(openModelFolder(pathSource(folder)));
    expect([error.code, error.message]).toEqual([
      'shape-mismatch',
      `Tensor ${changed} of ${shard(2)} has shape [4]; the config asks for [144].`,
    ]);
    await writeFile(join(folder, shard(3)), 'too short');
    expect(await errorOf(openModelFolder(pathSource(folder)))).toMatchObject({ code: 'format' });
  });

  test('refuse integers in a later shard before a sink is touched', async () => {
    const folder = await sharded();
    await editTensors(join(folder, shard(3)), (tensors) => {
      const [name, { shape }] = [...tensors][0]!;
      tensors.set(name, { dtype: 'I32', shape, data: new Uint8Array(4 * shape.reduce((a, b) => a * b, 1)) });
    });
    const model = await openModelFolder(pathSource(folder));
    const sink = new RecordingSink();
    expect(await errorOf(model.loadWeights(sink))).toMatchObject({ code: 'format' });
    expect(sink.tensors.size).toBe(0);
  });
});
