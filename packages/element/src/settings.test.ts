import { expect, it } from 'vitest';
import { prepareCall } from './prepare-call.ts';
import { pictureSettings, type Settings, subjectOf, toCall, toLoadOptions, toNumber, toSeed } from './settings.ts';

const settings: Settings = {
  model: '/m',
  label: '🍕',
  prompt: null,
  negativePrompt: null,
  steps: null,
  guidance: null,
  seed: 7,
  cache: null,
  dtype: null,
  device: null,
};

it('reads numbers strictly', () => {
  expect(['50', ' 3.5 ', '1e3', '-1'].map(toNumber)).toEqual([50, 3.5, 1000, -1]);
  expect(['', ' ', 'abc', '5 steps', 'NaN'].map(toNumber)).toEqual(Array(5).fill(Number.NaN));
  expect(toNumber(null)).toBeNull();
});

it('reads seeds exactly, up to 2^64 - 1', () => {
  expect(toSeed('7')).toBe(7);
  expect(toSeed('9007199254740991')).toBe(9007199254740991);
  expect(toSeed('9007199254740993')).toBe(9007199254740993n);
  expect(toSeed('18446744073709551615')).toBe(18446744073709551615n);
  expect(toSeed(null)).toBeNull();
  expect(toSeed('')).toBeNaN();
});

it('leaves to the library what is not set, but for the cache', () => {
  expect(toCall(settings)).toEqual({
    input: { label: '🍕' },
    options: { seed: 7, cache: 'procache', outputType: 'imageData' },
  });
  expect(toCall({ ...settings, steps: 20, guidance: 1.5, cache: 'fora:3' }).options).toMatchObject({
    numInferenceSteps: 20,
    guidanceScale: 1.5,
    cache: 'fora:3',
  });
  expect(toCall({ ...settings, device: 'wasm' }).options.cache).toBe('none');
  expect(toLoadOptions(settings)).toEqual({});
  expect(toLoadOptions({ ...settings, dtype: 'int8' })).toEqual({ dtype: 'int8' });
});

it('gives a prompt in place of a label, and gives both back', () => {
  const words = { ...settings, label: null, prompt: 'a red fox' };
  expect(toCall(words).input).toEqual({ prompt: 'a red fox' });
  const both = { ...words, negativePrompt: '' };
  expect(toCall(both).input).toEqual({ prompt: 'a red fox', negativePrompt: '' });
  const none = { label: null, prompt: null, negativePrompt: null };
  expect(subjectOf(toCall(settings))).toEqual({ ...none, label: '🍕' });
  expect(subjectOf(toCall(words))).toEqual({ ...none, prompt: 'a red fox' });
  expect(subjectOf(toCall(both))).toEqual({ ...none, prompt: 'a red fox', negativePrompt: '' });
  // What makes an automatic run begin again.
  expect(pictureSettings).toEqual(expect.arrayContaining(['label', 'prompt', 'negativePrompt']));
});

it('draws a seed where none is set', () => {
  const seeds = Array.from({ length: 3 }, () => toCall({ ...settings, seed: null }).options.seed);
  expect(new Set(seeds).size).toBe(3);
});

const hostile: readonly [what: Partial<Settings>, text: string, says: RegExp][] = [
  [{ steps: Number.NaN }, 'many', /^The attribute steps is "many", which is not a number\.$/],
  [{ seed: Number.NaN }, '', /^The attribute seed is "", which is not a number\.$/],
  [{ guidance: Number.NaN }, 'x'.repeat(1e6), /^The attribute guidance is "x{40}…", which is not a number\.$/],
  [{ steps: 1e9 }, '1e9', /^steps is 1000000000\.$/],
  [{ steps: 2.5 }, '2.5', /^steps is 2\.5\.$/],
  [{ guidance: Number.POSITIVE_INFINITY }, '1e999', /^guidance is Infinity\.$/],
  [{ seed: -1 }, '-1', /^seed is -1\.$/],
  [{ seed: 2n ** 64n }, '18446744073709551616', /^seed is 18446744073709551616n\.$/],
  [{ label: '' }, '', /^label is ""\.$/],
  [{ cache: '' }, '', /^cache is ""\.$/],
  [{ prompt: 'a fox' }, '', /^The attributes label and prompt both say what to paint\.$/],
  [{ label: '', prompt: '' }, '', /^The attributes label and prompt both say what to paint\.$/],
  [{ negativePrompt: 'blurry' }, '', /^The attribute negative-prompt goes with prompt alone\.$/],
  [{ label: null, negativePrompt: '' }, '', /^The attribute negative-prompt goes with prompt alone\.$/],
  [{ label: null }, '', /^Neither label nor prompt says what to paint\.$/],
  [{ label: null, prompt: 5 as never }, '', /^prompt is 5\.$/],
  [{ label: null, prompt: 'a fox', negativePrompt: 5 as never }, '', /^negative-prompt is 5\.$/],
];
it.each(hostile)('refuses %o', async (change, text, says) => {
  const call = prepareCall({ ...settings, ...change }, { isConnected: true, attribute: () => text });
  await expect(call).rejects.toMatchObject({ code: 'bad-argument', message: expect.stringMatching(says) });
  await expect(call).rejects.toMatchObject({ remedy: expect.stringMatching(/^(Give|Leave)/) });
});

it('refuses policies that nobody knows, and elements that are nowhere', async () => {
  const element = { isConnected: true, attribute: () => null };
  await expect(prepareCall({ ...settings, cache: 'procash' }, element)).rejects.toMatchObject({
    code: 'unknown-policy',
  });
  await expect(prepareCall(settings, { ...element, isConnected: false })).rejects.toMatchObject({
    message: 'This element is in no document.',
  });
});
