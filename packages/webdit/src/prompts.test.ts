import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { repositoryPath } from '../../../testing/repository.ts';
import { checkGenerate } from './arguments.ts';
import { readPrompts } from './prompts.ts';
import { testInfo } from './testing/info.ts';
import type { GenerateInput, GenerateOptions, PromptInput } from './types.ts';

const text = { width: 4, maxTokens: 3, prompts: false };
const embeddings = (tokens: number, first = 0) => ({
  data: Float32Array.from({ length: tokens * text.width }, (_, i) => first + i),
  shape: [tokens, text.width],
});
const read = (input: object, guided = false) => readPrompts(input as PromptInput, guided, text);

it('takes arrays with or without a row dimension, with masks', async () => {
  const { rows, warnings } = await read(
    {
      promptEmbeds: embeddings(2),
      promptAttentionMask: [1, 0],
      negativePromptEmbeds: { ...embeddings(1, 9), shape: [1, 1, 4] },
    },
    true,
  );
  expect(warnings).toEqual([]);
  expect(rows.map(({ embeddings }) => embeddings.length)).toEqual([4, 4]);
  expect(rows.map(({ embeddings: [first] }) => first)).toEqual([0, 9]);
});

it('needs no negative prompt without guidance', async () => {
  expect((await read({ promptEmbeds: embeddings(1) })).rows).toHaveLength(1);
  await expect(read({ promptEmbeds: embeddings(1) }, true)).rejects.toMatchObject({ code: 'bad-argument' });
});

it('cuts what the model does not read, and warns of it', async () => {
  const { rows, warnings } = await read({ promptEmbeds: embeddings(5), promptAttentionMask: [0, 1, 1, 1, 1] });
  expect([...(rows[0]?.embeddings ?? [])]).toEqual([4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
  const message = 'promptEmbeds has 4 tokens, and this model reads 3: the last 1 are left out.';
  expect(warnings).toEqual([{ code: 'prompt-cut', message }]);
});

it('does not count padding, wherever it lies', async () => {
  const { rows, warnings } = await read({ promptEmbeds: embeddings(6), promptAttentionMask: [0, 0, 0, 0, 1, 1] });
  expect([warnings, [...(rows[0]?.embeddings ?? [])]]).toEqual([[], [16, 17, 18, 19, 20, 21, 22, 23]]);
});

it.each([
  ['bad-argument', 'a mask that hides all', { promptEmbeds: embeddings(2), promptAttentionMask: [0, 0] }],
  ['shape-mismatch', 'half a token', { promptEmbeds: { data: new Float32Array(10), shape: [2.5, 4] } }],
  [
    'shape-mismatch',
    'a negative prompt of another width',
    { promptEmbeds: embeddings(1), negativePromptEmbeds: { data: new Float32Array(3), shape: [1, 3] } },
  ],
  ['bad-argument', 'promptEmbeds is a text', { promptEmbeds: 'a pizza' }],
  ['bad-argument', 'an unknown key', { promptEmbeds: embeddings(1), prompt: 'a pizza' }],
  ['shape-mismatch', 'another width', { promptEmbeds: { data: new Float32Array(6), shape: [2, 3] } }],
  ['shape-mismatch', 'another rank', { promptEmbeds: { data: new Float32Array(4), shape: [4] } }],
  ['shape-mismatch', 'several rows', { promptEmbeds: { data: new Float32Array(8), shape: [2, 1, 4] } }],
  ['shape-mismatch', 'no tokens', { promptEmbeds: { data: new Float32Array(0), shape: [0, 4] } }],
  ['shape-mismatch', 'a mask of another length', { promptEmbeds: embeddings(2), promptAttentionMask: [1] }],
  ['numeric', 'NaN', { promptEmbeds: { data: new Float32Array(4).fill(Number.NaN), shape: [1, 4] } }],
  ['format', 'bytes that are no safetensors file', { promptEmbeds: new Uint8Array([1, 2, 3]) }],
  ['bad-argument', 'a mask beside a file', { promptEmbeds: new Uint8Array(8), promptAttentionMask: [1] }],
])('refuses with %s: %s', async (code, _, input) => {
  await expect(read(input)).rejects.toMatchObject({ code });
});

it('refuses a file without prompts by name', async () => {
  const bytes = readFileSync(repositoryPath('goldens/pixart-tiny/golden.safetensors'));
  await expect(read({ promptEmbeds: new Uint8Array(bytes) })).rejects.toMatchObject({ code: 'format' });
});

const model = { ...testInfo.model, latentShape: [4, 16, 16] as const, imageSize: null, numClasses: 0, text };
const check = (input: object, options: object = {}) =>
  checkGenerate(input as GenerateInput, { outputType: 'latent', ...options } as GenerateOptions, { model });

it('takes prompts for a text model alone, and sizes that patches fill', () => {
  const input = { promptEmbeds: embeddings(1) };
  expect(check(input)).toMatchObject({ label: null, size: null });
  expect(check(input, { width: 192 })).toMatchObject({ size: { height: 16, width: 24 } });
  expect(check(input, { width: 128, height: 128 })).toMatchObject({ size: null });
  expect(() => check(input, { height: 100 })).toThrow('height is 100.');
  expect(() => check({ label: 1 })).toThrow('This model draws prompts and has no classes.');
  expect(() => checkGenerate(input, {}, testInfo)).toThrow('does not read prompts');
});

it('takes words where there is a text encoder, and says what is wrong with them', () => {
  const words = { prompt: 'a red fox' };
  const withEncoder = (input: object) =>
    checkGenerate(
      input as GenerateInput,
      { outputType: 'latent' },
      { model: { ...model, text: { ...text, prompts: true } } },
    );
  expect(withEncoder({ ...words, negativePrompt: '' })).toMatchObject({ label: null, prompts: null });
  expect(() => withEncoder({ label: 1 })).toThrow('This model draws prompts and has no classes.');
  expect(() => withEncoder({ ...words, promptEmbeds: embeddings(1) })).toThrow('in words and as embeddings');
  expect(() => withEncoder({ promptEmbeds: embeddings(1), negativePrompt: 'blurry' })).toThrow('in words and as');
  expect(() => withEncoder({ prompt: ['a red fox'] })).toThrow('prompt is an array.');
  expect(() => withEncoder({ negativePrompt: 'blurry' })).toThrow('prompt is undefined.');
  expect(() => withEncoder({ ...words, negativePrompt: null })).toThrow('negativePrompt is null.');
  expect(() => withEncoder({ ...words, promptAttentionMask: [1] })).toThrow('no option "promptAttentionMask"');
  expect(() => check(words)).toThrow('This model has no text encoder that can be used here');
  expect(() => checkGenerate(words, {}, testInfo)).toThrow('does not read prompts');
});
