import { WebDiTError } from '@webdit/core';
import { isStoredSource } from '@webdit/weights';
import { FakeDirectory } from '@webdit/weights/testing';
import { expect, test, vi } from 'vitest';
import { sourceOf } from './load-request.ts';
import { checkModel, isTransferable, type ModelInput } from './model-input.ts';

const sourceOfModel = (model: ModelInput) => sourceOf(checkModel(model), 'none', null);

test.each([
  ['https://models.test/m/', 'https://models.test/m/'],
  ['hf:owner/name', 'hf:owner/name'],
  ['hf:owner/name/folder@v1', 'hf:owner/name/folder@v1'],
  ['https://huggingface.co/owner/name/tree/v1', 'hf:owner/name@v1'],
  [new URL('https://huggingface.co/owner/name'), 'hf:owner/name'],
])('%s is a model of the network', (model, name) => {
  const source = sourceOfModel(model);
  expect([source.name, isStoredSource(source)]).toEqual([name, true]);
  expect(isTransferable(checkModel(model))).toBe(true);
});

test('the handle of a directory is a model that can cross to a worker', async () => {
  const directory = new FakeDirectory();
  await directory.getFileHandle('config.json', { create: true });
  const model = checkModel(directory.handle);
  expect(isTransferable(model)).toBe(true);
  expect(await (await sourceOf(model, 'none', null).open('config.json'))?.text()).toBe('');
});

test('dropped files are a model: one safetensors file, or the shards of a folder', () => {
  const file = new Blob(['x']);
  expect(sourceOfModel([{ path: 'w.safetensors', file }]).weightsFile).toBe('w.safetensors');
  const shards = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'];
  const index = 'model.safetensors.index.json';
  const source = sourceOfModel([...shards, index].map((name) => ({ path: `mine/${name}`, file })));
  expect([source.name, source.weightsFile]).toEqual(['mine', null]);
});

test.each([
  ['hf:owner/name', 'huggingface.co Bearer hf_secret'],
  ['https://huggingface.co/owner/name', 'huggingface.co Bearer hf_secret'],
  // A file's address is one like any other.
  ['https://huggingface.co/owner/name/resolve/main/model.safetensors', 'huggingface.co null'],
  ['https://models.test/huggingface.co/name/', 'models.test null'],
])('%s is asked for with an access token only where it is a model on the hub', async (model, expected) => {
  const sent = new Set<string>();
  const fetch = vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
    sent.add(`${new URL(String(input)).host} ${new Headers(init?.headers).get('authorization')}`);
    return new Response(null, { status: 404 });
  });
  await sourceOf(checkModel(model), 'none', 'hf_secret')
    .open('model_index.json')
    .catch(() => null);
  fetch.mockRestore();
  expect([...sent]).toEqual([expected]);
});

test.each([42, '', [], [1], {}, null, new Date()])('%o is no model', (model) => {
  expect(() => checkModel(model as unknown as ModelInput)).toThrow(WebDiTError);
});

test('a wrong address of the hub is refused', () => {
  expect(() => sourceOfModel('hf:name')).toThrow('"hf:name" names no model on the Hugging Face hub.');
});
