import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { encodePromptEmbeds, readPromptEmbeds } from './prompt-embeds.ts';
import { converter } from './safetensors/convert.ts';
import { encodeSafetensors, type TensorData } from './safetensors/whole-file.ts';
import { pathSource } from './sources/path.ts';
import { errorOf, scratchFolder } from './testing/fixtures.ts';

const f32 = (shape: number[], values: number[]): TensorData => ({
  dtype: 'F32',
  shape,
  data: Float32Array.from(values),
});
const embeds = f32([1, 3, 2], [0.5, -1, 2, 0.25, -0.125, 3]);
const whole = {
  prompt_embeds: embeds,
  prompt_attention_mask: { dtype: 'I64', shape: [1, 3], data: BigInt64Array.from([1n, 1n, 0n]) } as TensorData,
  negative_prompt_embeds: f32([1, 2, 2], [1, 2, 3, 4]),
  negative_prompt_attention_mask: f32([1, 2], [1, 0]),
};
const read = (tensors: Record<string, TensorData>) => readPromptEmbeds(encodeSafetensors(tensors));

describe('readPromptEmbeds', () => {
  test('reads captions and masks', async () => {
    expect(await read(whole)).toEqual({
      promptEmbeds: { data: embeds.data, shape: [1, 3, 2] },
      promptAttentionMask: { data: Float32Array.of(1, 1, 0), shape: [1, 3] },
      negativePromptEmbeds: { data: Float32Array.of(1, 2, 3, 4), shape: [1, 2, 2] },
      negativePromptAttentionMask: { data: Float32Array.of(1, 0), shape: [1, 2] },
    });
    expect(await read({ prompt_embeds: embeds })).toEqual({ promptEmbeds: { data: embeds.data, shape: [1, 3, 2] } });
  });

  test.each(['F16', 'BF16'] as const)('widens %s', async (dtype) => {
    const halves = new Uint16Array(6);
    if (dtype === 'F16') converter('F32', 'F16')?.(embeds.data.buffer as ArrayBuffer, halves.buffer, 6);
    else halves.set(Array.from(new Uint32Array(embeds.data.buffer), (bits) => bits >>> 16));
    const { promptEmbeds } = await read({ prompt_embeds: { dtype, shape: [1, 3, 2], data: halves } });
    expect(promptEmbeds.data).toEqual(embeds.data);
  });

  test('reads a file of a folder', async () => {
    const folder = await scratchFolder();
    await writeFile(join(folder, 'prompt_embeds.safetensors'), encodeSafetensors(whole));
    await writeFile(join(folder, 'other.safetensors'), encodeSafetensors({ prompt_embeds: embeds }));
    const source = pathSource(folder);
    expect((await readPromptEmbeds(source)).negativePromptEmbeds?.shape).toEqual([1, 2, 2]);
    expect(Object.keys(await readPromptEmbeds(source, { path: 'other.safetensors' }))).toEqual(['promptEmbeds']);
    expect(await errorOf(readPromptEmbeds(source, { path: 'none.safetensors' }))).toMatchObject({ code: 'not-found' });
  });

  const many = { ...whole, prompt_embeds: f32([2, 1, 2], [1, 2, 3, 4]) };
  test.each<[string, Record<string, TensorData>, string, string]>([
    ['no captions', { negative_prompt_embeds: embeds }, 'format', 'has no tensor prompt_embeds.'],
    ['another tensor', { ...whole, pooled: embeds }, 'format', 'holds the tensor pooled; captions are prompt_embeds, '],
    [
      'a missing batch',
      { prompt_embeds: f32([3, 2], [1, 2, 3, 4, 5, 6]) },
      'shape-mismatch',
      'has shape [3, 2]; embeddings are [rows, tokens, width].',
    ],
    ['no tokens', { prompt_embeds: f32([1, 0, 2], []) }, 'shape-mismatch', 'has shape [1, 0, 2]'],
    [
      'integers',
      { prompt_embeds: { dtype: 'I32', shape: [1, 1, 2], data: Int32Array.of(1, 2) } },
      'format',
      'is I32; embeddings are F32, F16 or BF16.',
    ],
    ['no numbers', { prompt_embeds: f32([1, 1, 2], [1, Number.NaN]) }, 'numeric', 'holds NaN or infinity.'],
    [
      'a mask of other tokens',
      { ...whole, prompt_attention_mask: f32([1, 2], [1, 1]) },
      'shape-mismatch',
      'Tensor prompt_attention_mask of prompt_embeds.safetensors has shape [1, 2]; prompt_embeds asks for [1, 3].',
    ],
    [
      'a mask of scores',
      { ...whole, prompt_attention_mask: f32([1, 3], [0, 0.5, 1]) },
      'format',
      'other values than 0',
    ],
    ['a mask of nothing', { ...whole, prompt_attention_mask: f32([1, 3], [0, 0, 0]) }, 'format', 'no token of row 0.'],
    [
      'a mask without its captions',
      { prompt_embeds: embeds, negative_prompt_attention_mask: f32([1, 3], [1, 1, 1]) },
      'format',
      'holds negative_prompt_attention_mask, but no negative_prompt_embeds.',
    ],
    [
      'negative captions of another width',
      { prompt_embeds: embeds, negative_prompt_embeds: f32([1, 1, 3], [1, 2, 3]) },
      'shape-mismatch',
      'has 1 rows of width 3, but prompt_embeds 1 of width 2.',
    ],
    ['fewer negative captions', many, 'shape-mismatch', 'has 1 rows of width 2, but prompt_embeds 2 of width 2.'],
  ])('refuses %s', async (_, tensors, code, message) => {
    const error = await errorOf(read(tensors));
    expect([error.code, error.message]).toEqual([code, expect.stringContaining(message)]);
  });

  test('refuses what is no safetensors file', async () => {
    expect(await errorOf(readPromptEmbeds(new Uint8Array(4)))).toMatchObject({ code: 'format' });
  });
});

describe('encodePromptEmbeds', () => {
  test('writes what is read again', async () => {
    const prompts = await read(whole);
    expect(await readPromptEmbeds(encodePromptEmbeds(prompts))).toEqual(prompts);
    const { promptEmbeds } = prompts;
    // Values that halves have.
    expect(await readPromptEmbeds(encodePromptEmbeds({ promptEmbeds }, 'F16'))).toEqual({ promptEmbeds });
    expect(encodePromptEmbeds({ promptEmbeds }).length - encodePromptEmbeds({ promptEmbeds }, 'F16').length).toBe(12);
  });

  test('refuses data of another size than its shape says', async () => {
    const promptEmbeds = { data: new Float32Array(5), shape: [1, 3, 2] as const };
    expect(() => encodePromptEmbeds({ promptEmbeds })).toThrow(
      expect.objectContaining({ code: 'shape-mismatch', message: expect.stringContaining('prompt_embeds') }),
    );
  });
});
