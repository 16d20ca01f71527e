import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openModelFolder } from '../model-folder.ts';
import { FakeDirectory } from '../testing/fake-directory.ts';
import { copyOf, errorOf, golden, load, sameBytes } from '../testing/fixtures.ts';
import { RecordingSink } from '../testing/recording-sink.ts';
import { splitWeights } from '../testing/split-weights.ts';
import { directorySource } from './directory.ts';
import { filesSource } from './files.ts';

const diffusers = [
  'model_index.json',
  'scheduler/scheduler_config.json',
  'transformer/config.json',
  'transformer/diffusion_pytorch_model.safetensors.index.json',
  'transformer/diffusion_pytorch_model-00001-of-00002.safetensors',
  'transformer/diffusion_pytorch_model-00002-of-00002.safetensors',
];

/** Files of the diffusers golden in two shards. */
async function shardedFiles(): Promise<[path: string, bytes: Uint8Array<ArrayBuffer>][]> {
  const folder = await copyOf(golden('dit-diffusers-tiny'));
  await splitWeights(join(folder, 'transformer/diffusion_pytorch_model.safetensors'), 2);
  return Promise.all(
    diffusers.map(async (path) => [path, new Uint8Array(await readFile(join(folder, path)))] as const),
  ) as Promise<[string, Uint8Array<ArrayBuffer>][]>;
}

/** A directory in memory, as the origin private file system's root: without a name. */
async function directoryOf(files: readonly (readonly [string, Uint8Array<ArrayBuffer>])[]): Promise<FakeDirectory> {
  const root = new FakeDirectory();
  for (const [path, bytes] of files) {
    const parts = path.split('/');
    const name = parts.pop()!;
    let folder = root;
    for (const part of parts) folder = await folder.getDirectoryHandle(part, { create: true });
    const writable = await (await folder.getFileHandle(name, { create: true })).createWritable();
    await writable.write(new Blob([bytes]));
    await writable.close();
  }
  return root;
}

async function expectGolden(source: Parameters<typeof openModelFolder>[0]) {
  const model = await openModelFolder(source);
  const sink = new RecordingSink();
  await model.loadWeights(sink);
  for (const [name, { bytes }] of (await load(golden('dit-diffusers-tiny'))).tensors) {
    expect(sameBytes(sink.tensors.get(name)?.bytes, bytes), name).toBe(true);
  }
  return model;
}

test('loads shards from the handle of a directory, and from a dropped folder', async () => {
  const files = await shardedFiles();
  const inDirectory = await expectGolden(directorySource((await directoryOf(files)).handle));
  expect([inDirectory.name, inDirectory.weightFiles.length]).toEqual(['The folder', 2]);
  const dropped = files.map(([path, bytes]) => ({ path: `mine/${path}`, file: new Blob([bytes]) }));
  expect((await expectGolden(filesSource(dropped))).name).toBe('mine');
});

test('tells what is missing from what cannot be read, and begins anywhere', async () => {
  const root = await directoryOf([['a/b.json', new TextEncoder().encode('{"x": 1}')]]);
  const source = directorySource(root.handle);
  expect(await (await source.open('a/b.json'))?.text()).toBe('{"x": 1}');
  expect(await (await source.open('a/b.json', { begin: 6 }))?.text()).toBe('1}');
  expect(await source.open('a/c.json')).toBeNull();
  expect(await source.open('b/b.json')).toBeNull();
  expect(await source.open('a')).toBeNull();
  expect(await source.open('a/b.json/c')).toBeNull();
  expect(await errorOf(source.open('../b.json'))).toMatchObject({ code: 'bad-argument' });
  Object.assign(root, {
    getDirectoryHandle: async () => {
      throw new DOMException('no more', 'NotAllowedError');
    },
  });
  const error = await errorOf(source.open('a/b.json'));
  expect([error.code, error.message]).toEqual([
    'not-found',
    'a/b.json was moved, changed or locked after it was picked.',
  ]);
});
