import { expect, it, vi } from 'vitest';
import type { GenerateRequest } from './arguments.ts';
import type { EncodedText, EngineDriver } from './driver.ts';
import { PromptReader } from './pipeline-prompts.ts';
import type { WarningEvent } from './types.ts';

const text = { width: 2, maxTokens: 3, prompts: true };
const request = (guidanceScale: number) => ({ guidanceScale, seed: 1 }) as GenerateRequest;
/** As many tokens as letters; each is the letter's place among them. */
const encodeText = (letters: string): EncodedText => {
  const count = Math.min(letters.length + 1, 3);
  return {
    embeddings: Float32Array.from({ length: 6 }, (_, i) => i + 10 * letters.length),
    mask: [1, 1, 1].fill(0, count),
    surplus: letters.length + 1 - count,
  };
};

function setUp(encodeTexts = vi.fn(async (texts: readonly string[]) => texts.map(encodeText))) {
  const warnings: WarningEvent[] = [];
  const reading = {
    alive: () => ({ encodeTexts }) as Partial<EngineDriver> as EngineDriver,
    signal: new AbortController().signal,
    onProgress: () => {},
    onWarning: (warning: WarningEvent) => warnings.push(warning),
  };
  return { encodeTexts, warnings, reading, reader: new PromptReader() };
}

it('encodes a prompt and the empty text beside it, and reads both as embeddings', async () => {
  const { reader, reading, encodeTexts, warnings } = setUp();
  const { prompts, seed } = await reader.read(request(4), { prompt: 'a' }, text, reading);
  expect(encodeTexts.mock.calls.map(([texts]) => texts)).toEqual([['a', '']]);
  expect(prompts?.map(({ embeddings }) => [...embeddings])).toEqual([
    [10, 11, 12, 13],
    [0, 1],
  ]);
  expect([seed, warnings]).toEqual([1, []]);
});

it('encodes no negative prompt without guidance', async () => {
  const { reader, reading, encodeTexts } = setUp();
  const { prompts } = await reader.read(request(1), { prompt: 'ab', negativePrompt: 'c' }, text, reading);
  expect(encodeTexts.mock.calls.map(([texts]) => texts)).toEqual([['ab']]);
  expect(prompts).toHaveLength(1);
});

it('gives embeddings that draw what the words draw, and warns of what was cut', async () => {
  const { reader, reading, warnings } = setUp();
  const words = { prompt: 'abcd', negativePrompt: 'b' };
  const encoded = await reader.encode(words, true, text, reading);
  expect(encoded).toEqual({
    promptEmbeds: { data: Float32Array.of(40, 41, 42, 43, 44, 45), shape: [1, 3, 2] },
    promptAttentionMask: [1, 1, 1],
    negativePromptEmbeds: { data: Float32Array.of(10, 11, 12, 13, 14, 15), shape: [1, 3, 2] },
    negativePromptAttentionMask: [1, 1, 0],
  });
  expect(warnings).toEqual([
    {
      code: 'prompt-cut',
      message: 'prompt has 5 tokens, and this model reads 3: 2 before its end token are left out.',
    },
  ]);
  const given = await reader.read(request(4), encoded, text, reading);
  expect(given).toEqual(await reader.read(request(4), words, text, reading));
});

it('keeps the order of calls, lets one that waits be aborted, and goes on after a failure', async () => {
  const failure = new Error('no encoder');
  let fail: (reason: Error) => void = () => {};
  const encodeTexts = vi.fn(async (texts: readonly string[]) => texts.map(encodeText));
  encodeTexts.mockImplementationOnce(
    () =>
      new Promise((_, reject) => {
        fail = reject;
      }),
  );
  const { reader, reading } = setUp(encodeTexts);
  const done: string[] = [];
  const note = (name: string) => () => void done.push(name);
  const first = reader.read(request(4), { prompt: 'a' }, text, reading).catch(note('first'));
  const stop = new AbortController();
  const second = reader.read(request(4), { prompt: 'b' }, text, { ...reading, signal: stop.signal });
  const embeds = { promptEmbeds: { data: new Float32Array(2), shape: [1, 2] } };
  const third = reader.read(request(1), embeds, text, reading).then(note('third'));
  await vi.waitFor(() => expect(encodeTexts).toHaveBeenCalledTimes(1));
  const reason = new Error('enough');
  stop.abort(reason);
  await expect(second).rejects.toBe(reason);
  expect(done).toEqual([]);
  fail(failure);
  await Promise.all([first, third]);
  expect(done).toEqual(['first', 'third']);
  expect(encodeTexts).toHaveBeenCalledTimes(1);
});
