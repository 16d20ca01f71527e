import { describe, expect, test } from 'vitest';
import { errorOf } from '../testing/fixtures.ts';
import { modelAddress } from './http.ts';
import { hubSource } from './hub.ts';
import { parseHubAddress } from './hub-address.ts';

describe('addresses of the hub', () => {
  test.each([
    ['hf:facebook/DiT-XL-2-256', 'facebook/DiT-XL-2-256', 'main', '', 'hf:facebook/DiT-XL-2-256'],
    ['hf:a/b@v1.0', 'a/b', 'v1.0', '', 'hf:a/b@v1.0'],
    ['hf:a/b@refs/pr/7', 'a/b', 'refs/pr/7', '', 'hf:a/b@refs/pr/7'],
    ['hf:a/b/models/tiny/@main', 'a/b', 'main', 'models/tiny', 'hf:a/b/models/tiny'],
    ['https://huggingface.co/a/b', 'a/b', 'main', '', 'hf:a/b'],
    ['https://huggingface.co/a/b/?x=1#top', 'a/b', 'main', '', 'hf:a/b'],
    ['https://huggingface.co/a/b/tree/main', 'a/b', 'main', '', 'hf:a/b'],
    ['https://huggingface.co/a/b/tree/v1/models/tiny', 'a/b', 'v1', 'models/tiny', 'hf:a/b/models/tiny@v1'],
    ['https://huggingface.co/a/b/tree/refs%2Fpr%2F7', 'a/b', 'refs/pr/7', '', 'hf:a/b@refs/pr/7'],
  ])('%s', (address, repo, revision, subfolder, short) => {
    expect(parseHubAddress(address)).toEqual({ repo, revision, subfolder });
    expect(modelAddress(address)).toBe(short);
    expect(parseHubAddress(short)).toEqual({ repo, revision, subfolder });
  });

  test.each([
    'https://huggingface.co/a/b/resolve/main/model.safetensors',
    'https://huggingface.co/datasets/b',
    'https://huggingface.co/a',
    'https://huggingface.co/',
    'https://models.example/a/b',
    '/hf:a/b',
  ])('%s is another', (address) => {
    expect(parseHubAddress(address)).toBeNull();
  });

  test.each(['hf:', 'hf:a', 'hf:a/', 'hf:a b/c', 'hf:datasets/a'])('%s is refused', async (address) => {
    const error = await errorOf(new Promise((resolve) => resolve(parseHubAddress(address))));
    expect([error.code, error.message]).toEqual([
      'bad-argument',
      `"${address}" names no model on the Hugging Face hub.`,
    ]);
  });

  test.each([
    ['a', {}, '"a" is not the name of a model on the hub.'],
    ['a/b', { subfolder: '../c' }, '"../c" is not a path inside a model folder.'],
    ['a/b', { accessToken: 'secret' }, 'accessToken is not an access token of the Hugging Face hub.'],
  ])('hubSource refuses %s %o', async (repo, options, message) => {
    const error = await errorOf(new Promise((resolve) => resolve(hubSource(repo, options))));
    expect([error.code, error.message]).toEqual(['bad-argument', message]);
  });
});
