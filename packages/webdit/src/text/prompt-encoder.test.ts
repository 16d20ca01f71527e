import { filesSource, type ModelSource } from '@webdit/weights';
import { encodeModel, GraphBuilder } from '@webdit/weights/onnx';
import { beforeEach, expect, it } from 'vitest';
import { vaeWasmPaths } from '../../../cli/src/vae-runtime.ts';
import type { ProgressEvent } from '../types.ts';
import { PromptEncoder } from './prompt-encoder.ts';

const width = 2;
const pieces = ['<pad>', '</s>', '<unk>', '▁a', '▁red', '▁fox'];
const [pad, end, unknown, a, red, fox] = pieces.keys();

const tokenizer = {
  version: '1.0',
  added_tokens: pieces.slice(0, 3).map((content, id) => ({ id, content, special: true, normalized: false })),
  normalizer: null,
  pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true },
  post_processor: {
    type: 'TemplateProcessing',
    single: [{ Sequence: { id: 'A', type_id: 0 } }, { SpecialToken: { id: '</s>', type_id: 0 } }],
    pair: [],
    special_tokens: { '</s>': { id: '</s>', ids: [end], tokens: ['</s>'] } },
  },
  decoder: null,
  model: { type: 'Unigram', unk_id: unknown, vocab: pieces.map((piece, id) => [piece, -id]) },
};
const tokenizerConfig = { tokenizer_class: 'T5Tokenizer', pad_token: '<pad>', eos_token: '</s>', unk_token: '<unk>' };

/** Embeddings of a token are its id and its half; the table is a file of its own. */
function tableEncoder(output = 'last_hidden_state') {
  const table = 'model.onnx_data';
  const graph = new GraphBuilder(new Map([[table, [pieces.length, width]]]));
  const rows = graph.rename(graph.node('Gather', [graph.weight(table), 'input_ids']), output);
  const input = (name: string) => ({ name, type: 'int64', shape: ['batch', 'sequence'] }) as const;
  const model = graph.model('table', [input('input_ids'), input('attention_mask')], {
    name: rows,
    type: 'float',
    shape: ['batch', 'sequence', width],
  });
  return { model: encodeModel(model), data: Float32Array.from(pieces.flatMap((_, id) => [id, id / 2])) };
}
const rowsOf = (...ids: (number | undefined)[]) => ids.flatMap((id = 0) => [id, id / 2]);

let opened: string[];
let source: ModelSource;
beforeEach(() => {
  const { model, data } = tableEncoder();
  source = folder(model, data);
});

function folder(model: Uint8Array, data: Float32Array): ModelSource {
  const file = (path: string, content: BlobPart) => ({ path, file: new Blob([content]) });
  const files = filesSource([
    file('model_index.json', '{}'),
    file('tokenizer/tokenizer.json', JSON.stringify(tokenizer)),
    file('tokenizer/tokenizer_config.json', JSON.stringify(tokenizerConfig)),
    file('text_encoder/model.onnx', model as BlobPart),
    file('text_encoder/model.onnx_data', data.buffer as ArrayBuffer),
  ]);
  opened = [];
  return {
    ...files,
    open: (path, options) => {
      opened.push(path.split('/').at(-1) as string);
      return files.open(path, options);
    },
  };
}

const fileNames = ['tokenizer.json', 'tokenizer_config.json', 'model.onnx', 'model.onnx_data'];
const file = (path: string) => ({ path, bytes: null });
const encoderOf = (stays: boolean, maxTokens = 5, expectedWidth = width) =>
  new PromptEncoder(
    {
      source,
      text: {
        tokenizer: file('tokenizer/tokenizer.json'),
        tokenizerConfig: file('tokenizer/tokenizer_config.json'),
        encoder: file('text_encoder/model.onnx'),
        externalData: file('text_encoder/model.onnx_data'),
      },
      width: expectedWidth,
      maxTokens,
      wasmPaths: vaeWasmPaths(),
    },
    stays,
  );
const hooks = () => ({ signal: new AbortController().signal, onProgress: () => {} });

it('encodes a prompt without capitals and outer spaces, ends it and fills it up', async () => {
  const encoder = encoderOf(true);
  const events: ProgressEvent[] = [];
  const [row, empty] = await encoder.encode([' A red FOX\n', ''], { ...hooks(), onProgress: (e) => events.push(e) });
  expect([...(row?.embeddings ?? [])]).toEqual(rowsOf(a, red, fox, end, pad));
  expect(row).toMatchObject({ mask: [1, 1, 1, 1, 0], surplus: 0 });
  expect([...(empty?.embeddings ?? [])]).toEqual(rowsOf(end, pad, pad, pad, pad));
  expect(empty?.mask).toEqual([1, 0, 0, 0, 0]);
  expect(opened).toEqual(fileNames);
  expect(events.filter(({ status }) => status === 'done')).toHaveLength(fileNames.length);
  expect(events.at(-1)).toMatchObject({ status: 'ready' });
  await encoder.dispose();
});

it('cuts a long prompt before its end token, and counts what is left out', async () => {
  const encoder = encoderOf(true, 3);
  const [row] = await encoder.encode(['a red fox a fox'], hooks());
  expect([...(row?.embeddings ?? [])]).toEqual(rowsOf(a, red, end));
  expect(row).toMatchObject({ mask: [1, 1, 1], surplus: 3 });
  await encoder.dispose();
});

it('stays loaded, or is freed after each call and keeps its tokenizer', async () => {
  const staying = encoderOf(true);
  for (const text of ['a', 'fox']) await staying.encode([text], hooks());
  expect(opened).toEqual(fileNames);
  await staying.dispose();
  opened.length = 0;
  const freed = encoderOf(false);
  for (const text of ['a', 'fox']) await freed.encode([text, 'red'], hooks());
  expect(opened).toEqual([...fileNames, 'model.onnx', 'model.onnx_data']);
});

it('remembers sixteen texts, which need no encoder, and hands out copies', async () => {
  const encoder = encoderOf(false);
  const texts = Array.from({ length: 16 }, (_, n) => 'a '.repeat(n));
  const [first] = await encoder.encode(texts, hooks());
  first?.embeddings.fill(9);
  opened.length = 0;
  const [again] = await encoder.encode([...texts].reverse().slice(-1), hooks());
  expect([opened, [...(again?.embeddings ?? [])]]).toEqual([[], rowsOf(end, pad, pad, pad, pad)]);
  // The one that has been asked for least lately goes.
  await encoder.encode(['fox'], hooks());
  opened.length = 0;
  await encoder.encode([''], hooks());
  expect(opened).toEqual([]);
  await encoder.encode([texts[1] as string], hooks());
  expect(opened).toEqual(['model.onnx', 'model.onnx_data']);
});

it('stops while it is fetched, and between two prompts, and encodes afterwards', async () => {
  const encoder = encoderOf(true);
  const reason = new Error('enough');
  const stop = new AbortController();
  const fetching = encoder.encode(['a'], {
    signal: stop.signal,
    onProgress: ({ status }) => status === 'done' && stop.abort(reason),
  });
  await expect(fetching).rejects.toBe(reason);
  expect(opened).toEqual(['tokenizer.json', 'tokenizer_config.json']);

  const later = new AbortController();
  let taken = 0;
  const texts = ['a', 'fox', 'red'].map((text, n) => ({
    toLowerCase: () => {
      taken++;
      if (n === 1) setTimeout(() => later.abort(reason));
      return text;
    },
  }));
  const encoding = encoder.encode(texts as unknown as string[], { ...hooks(), signal: later.signal });
  await expect(encoding).rejects.toBe(reason);
  expect(taken).toBe(2);
  const [row] = await encoder.encode(['fox'], hooks());
  expect(row?.mask).toEqual([1, 1, 0, 0, 0]);
  await encoder.dispose();
});

it.each([
  ['no text encoder', 'format', 'turns input_ids, attention_mask into logits', tableEncoder('logits').model, 2],
  ['no ONNX', 'format', 'could not load the text encoder text_encoder/model.onnx.', Uint8Array.of(1, 2, 3), 2],
  ['an encoder of another width', 'shape-mismatch', 'made [1, 5, 2] of a prompt', tableEncoder().model, 3],
])('refuses %s', async (_, code, message, model, expectedWidth) => {
  source = folder(model, tableEncoder().data);
  const encoder = encoderOf(true, 5, expectedWidth);
  await expect(encoder.encode(['a'], hooks())).rejects.toMatchObject({
    code,
    message: expect.stringContaining(message),
  });
  await encoder.dispose();
});

it('refuses what is no tokenizer', async () => {
  const { open } = source;
  const other = 'tokenizer/tokenizer_config.json';
  source = { ...source, open: (path, options) => open(path.endsWith('tokenizer.json') ? other : path, options) };
  await expect(encoderOf(true).encode(['a'], hooks())).rejects.toMatchObject({
    code: 'format',
    message: 'tokenizer/tokenizer.json is not a tokenizer that can be used.',
  });
});
