import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { makeManifest } from '../make-manifest.ts';
import { openModelFolder } from '../model-folder.ts';
import { pathSource } from '../sources/path.ts';
import { copyOf, editJson, golden } from '../testing/fixtures.ts';
import { textFiles } from './text.ts';

let folder: string;
const files = {
  'tokenizer/tokenizer.json': '{}',
  'tokenizer/tokenizer_config.json': '{ }',
  'text_encoder/config.json': '{"architectures":["T5EncoderModel"],"d_model":48,"is_gated_act":true}',
  'text_encoder/model.onnx': 'onnx',
};
const write = async (path: string, text: string) => {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), text);
};
const editIndex = (parts: object) => editJson(join(folder, 'model_index.json'), (index) => Object.assign(index, parts));
const open = () => openModelFolder(pathSource(folder));

beforeEach(async () => {
  folder = await copyOf(golden('pixart-tiny'));
  for (const [path, text] of Object.entries(files)) await write(path, text);
  await editIndex({ text_encoder: ['transformers', 'T5EncoderModel'], tokenizer: ['transformers', 'T5Tokenizer'] });
});

test('a text encoder as optimum exports it is the folder’s, and its files are the model’s', async () => {
  const { text, notes } = await open();
  expect(text).toEqual({
    tokenizer: { path: 'tokenizer/tokenizer.json', bytes: 2 },
    tokenizerConfig: { path: 'tokenizer/tokenizer_config.json', bytes: 3 },
    encoder: { path: 'text_encoder/model.onnx', bytes: 4 },
    externalData: null,
  });
  expect(notes).toEqual([]);
  await write('text_encoder/model.onnx_data', 'weights');
  const beside = (await open()).text;
  expect(beside?.externalData).toEqual({ path: 'text_encoder/model.onnx_data', bytes: 7 });
  const manifest = await makeManifest(pathSource(folder));
  const listed = manifest.files.map(({ path }) => path);
  expect(listed).toEqual(
    expect.arrayContaining([...Object.keys(files), ...(beside ? textFiles(beside) : []).map(({ path }) => path)]),
  );
});

test.each([
  ['names none', { text_encoder: undefined }],
  ['left it out', { text_encoder: [null, null] }],
])('a folder whose index %s has no text encoder, and no note', async (_, parts) => {
  await editIndex(parts);
  const { text, notes } = await open();
  expect([text, notes]).toEqual([null, []]);
});

test.each([
  ['the encoder is safetensors only', () => rm(join(folder, 'text_encoder/model.onnx')), /optimum-cli export onnx/],
  ['there is no fast tokenizer', () => rm(join(folder, 'tokenizer/tokenizer.json')), /tokenizer\/tokenizer\.json/],
  ['its config is missing', () => rm(join(folder, 'text_encoder/config.json')), /text_encoder\/config\.json/],
  [
    'it is of another width',
    () => editJson(join(folder, 'text_encoder/config.json'), (config) => Object.assign(config, { d_model: 64 })),
    /has d_model 64, but the transformer takes captions of width 48\./,
  ],
  [
    'it is another model',
    () =>
      editJson(join(folder, 'text_encoder/config.json'), (config) =>
        Object.assign(config, { architectures: ['CLIPTextModel'] }),
      ),
    /architectures \["CLIPTextModel"\]/,
  ],
])('prompts are embeddings when %s, and a note says so', async (_, spoil, reason) => {
  await spoil();
  const { text, notes } = await open();
  expect(text).toBeNull();
  expect(notes).toHaveLength(1);
  expect(notes[0]).toMatch(/^Prompts are taken as embeddings, since the text encoder cannot be used: /);
  expect(notes[0]).toMatch(reason);
});
