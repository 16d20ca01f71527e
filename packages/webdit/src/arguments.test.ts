import type { ErrorCode } from '@webdit/core';
import { describe, expect, it } from 'vitest';
import { checkGenerate, seedOf } from './arguments.ts';
import { checkArguments } from './check-arguments.ts';
import { testInfo } from './testing/info.ts';
import type { GenerateInput, GenerateOptions } from './types.ts';

const check = (options: object, input: object = { label: 'pizza' }) =>
  checkGenerate(input as GenerateInput, options as GenerateOptions, testInfo);

describe('checkGenerate', () => {
  it('fills in the model folder’s defaults', () => {
    expect(check({})).toEqual({
      label: 'pizza',
      prompts: null,
      size: null,
      steps: 50,
      guidanceScale: 3,
      guidanceChannels: null,
      seed: null,
      cache: 'none',
      scheduler: null,
      numImages: 1,
      outputType: 'imageData',
      latents: null,
      start: null,
      previewEvery: null,
    });
  });

  it('lets the name of a sampler through, and refuses others by name', () => {
    expect(check({ scheduler: 'dpmpp' }).scheduler).toBe('dpmpp');
    expect(check({ scheduler: 'ddim-trailing' }).scheduler).toBe('ddim-trailing');
    expect(() => check({ scheduler: 'heun' })).toThrow('There is no sampler "heun".');
    expect(() => check({ scheduler: 7 })).toThrow('scheduler is 7.');
  });

  it('previews every step for whoever listens, unless told otherwise', () => {
    const onPreview = () => {};
    expect(check({ onPreview }).previewEvery).toBe(1);
    expect(check({ onPreview, previewEvery: 4 }).previewEvery).toBe(4);
    expect(check({ previewEvery: 4 }).previewEvery).toBeNull();
  });

  it('accepts the whole seed range and both latents shapes', () => {
    expect(check({ seed: 2n ** 64n - 1n }).seed).toBe(2n ** 64n - 1n);
    expect(check({ seed: 0 }).seed).toBe(0);
    const data = new Float32Array(16);
    expect(check({ latents: { data, shape: [4, 2, 2] } }).latents?.shape).toEqual([1, 4, 2, 2]);
    expect(check({ latents: { data, shape: [1, 4, 2, 2] } }).latents?.shape).toEqual([1, 4, 2, 2]);
  });

  it.each([
    'procache:B11',
    { policy: 'fora', interval: 4 },
    { format: 'webdit-schedule/1', policy: 'procache', steps: 4, sampler: 'ddim-respaced', pattern: '1020' },
  ])('lets the cache policy %j through whole', (cache) => {
    expect(check({ cache }).cache).toEqual(cache);
  });

  const circle: unknown[] = [];
  circle.push(circle);
  const refused: [string, object, ErrorCode, object?][] = [
    ['steps 0', { numInferenceSteps: 0 }, 'bad-argument'],
    ['steps 1001', { numInferenceSteps: 1001 }, 'bad-argument'],
    ['steps 2.5', { numInferenceSteps: 2.5 }, 'bad-argument'],
    ['steps as text', { numInferenceSteps: '20' }, 'bad-argument'],
    ['guidance NaN', { guidanceScale: Number.NaN }, 'bad-argument'],
    ['guidance infinite', { guidanceScale: Number.POSITIVE_INFINITY }, 'bad-argument'],
    ['guidance beyond 32-bit floats', { guidanceScale: 1e39 }, 'bad-argument'],
    ['guidance negative', { guidanceScale: -1 }, 'bad-argument'],
    ['guidance on 5 of 4 channels', { guidanceChannels: 5 }, 'bad-argument'],
    ['seed -1', { seed: -1 }, 'bad-argument'],
    ['seed 0.5', { seed: 0.5 }, 'bad-argument'],
    ['seed above 2^53 as a number', { seed: 2 ** 53 }, 'bad-argument'],
    ['seed 2^64', { seed: 2n ** 64n }, 'bad-argument'],
    ['seed that overflows with the second picture', { seed: 2n ** 64n - 1n, numImages: 2 }, 'bad-argument'],
    ['no pictures', { numImages: 0 }, 'bad-argument'],
    ['an unknown output type', { outputType: 'jpeg' }, 'bad-argument'],
    ['a bitmap in Node', { outputType: 'bitmap' }, 'bad-argument'],
    ['another width', { width: 512 }, 'bad-argument'],
    ['an unknown option', { steps: 20 }, 'bad-argument'],
    ['latents of another shape', { latents: { data: new Float32Array(16), shape: [4, 4, 1] } }, 'shape-mismatch'],
    [
      'latents shorter than their shape',
      { latents: { data: new Float32Array(15), shape: [4, 2, 2] } },
      'shape-mismatch',
    ],
    [
      'one picture’s latents for two',
      { numImages: 2, latents: { data: new Float32Array(16), shape: [4, 2, 2] } },
      'shape-mismatch',
    ],
    ['latents as an array', { latents: { data: [0], shape: [1] } }, 'bad-argument'],
    ['a seed beside latents', { seed: 1, latents: { data: new Float32Array(16), shape: [4, 2, 2] } }, 'bad-argument'],
    ['a function among cache settings', { cache: { policy: 'fora', log() {} } }, 'bad-argument'],
    ['a class instance among cache settings', { cache: { policy: 'procache', pattern: new Date() } }, 'bad-argument'],
    ['cache settings in a circle', { cache: { policy: 'fora', interval: circle } }, 'bad-argument'],
    ['onStep that is no function', { onStep: true }, 'bad-argument'],
    ['onPreview that is no function', { onPreview: 'always' }, 'bad-argument'],
    ['previews of every 0th step', { onPreview: () => {}, previewEvery: 0 }, 'bad-argument'],
    ['previews of every half step', { previewEvery: 0.5 }, 'bad-argument'],
    ['a signal that is none', { signal: {} }, 'bad-argument'],
    ['a prompt', {}, 'bad-argument', { prompt: 'a pizza' }],
    ['no label', {}, 'bad-argument', {}],
    ['an empty label', {}, 'bad-argument', { label: ' ' }],
    ['a fractional label', {}, 'bad-argument', { label: 1.5 }],
    ['a misspelt input', {}, 'bad-argument', { label: 'pizza', lable: 1 }],
  ];
  it.each(refused)('refuses %s', (_, options, code, input) => {
    expect(() => check(options, input ?? { label: 'pizza' })).toThrow(expect.objectContaining({ code }));
  });

  it('names the option it does not know, and says what to use', () => {
    expect(() => check({ steps: 20 })).toThrow('generate() has no option "steps".');
    expect(() => check({ steps: 20 })).toThrow(
      expect.objectContaining({ remedy: expect.stringContaining('numInferenceSteps') }),
    );
  });

  it('gives latents, and nothing else, from a folder without a VAE', () => {
    const bare = { model: { ...testInfo.model, imageSize: null } };
    expect(checkGenerate({ label: 1 }, {}, bare).outputType).toBe('latent');
    expect(() => checkGenerate({ label: 1 }, { outputType: 'imageData' }, bare)).toThrow(
      expect.objectContaining({ code: 'unsupported-config' }),
    );
  });
});

it('refuses without a model what no model would take', () => {
  expect(checkArguments({ label: 'pizza' }, { numInferenceSteps: 8, outputType: 'bitmap' })).toBeUndefined();
  expect(() => checkArguments({ label: 'pizza' }, { numInferenceSteps: 0 })).toThrow('numInferenceSteps is 0.');
  expect(() => checkArguments({ label: 'pizza' }, { cache: 'procash' })).toThrow(
    expect.objectContaining({ code: 'unknown-policy' }),
  );
});

describe('seedOf', () => {
  it('counts up without losing digits', () => {
    expect(seedOf(7, 2)).toBe(9);
    expect(seedOf(Number.MAX_SAFE_INTEGER, 1)).toBe(2n ** 53n);
    expect(seedOf(2n ** 63n, 1)).toBe(2n ** 63n + 1n);
  });
});
