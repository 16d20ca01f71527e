import { describe, expect, it } from 'vitest';
import { fitImage } from './fit-image.ts';
import { checkStartImage } from './input-image.ts';
import { toPlanes, toRgba } from './pixels.ts';
import type { GenerateOptions } from './types.ts';

const image = { width: 2, height: 3, data: Uint8ClampedArray.from({ length: 24 }, (_, i) => 10 * i) };
const check = (options: object, encoder = true) => checkStartImage(options as GenerateOptions, encoder);

describe('the image that a run starts from', () => {
  it('is none without one, and keeps four fifths of the steps unless told otherwise', () => {
    expect(check({})).toBeNull();
    expect(check({ image })).toEqual({ image, strength: 0.8 });
    expect(check({ image, strength: 0 })).toEqual({ image, strength: 0 });
    expect(check({ image: new Blob([]), strength: 1 })).toMatchObject({ strength: 1 });
    expect(check({ image: { ...image, data: new Uint8Array(24) } })).toMatchObject({ strength: 0.8 });
  });

  it.each([
    ['a strength alone', { strength: 0.5 }, /^strength has no image/],
    ['latents beside it', { image, latents: { data: new Float32Array(4), shape: [4] } }, /^image and latents both/],
    ['no strength at all', { image, strength: '0.5' }, /^strength is "0\.5"\.$/],
    ['a strength above 1', { image, strength: 1.01 }, /^The strength is 1\.01, which is not from 0 to 1\.$/],
    ['a strength below 0', { image, strength: -0.1 }, /^The strength is -0\.1,/],
    ['a strength that is no number', { image, strength: Number.NaN }, /^The strength is NaN,/],
    ['a URL', { image: 'a.png' }, /^image is "a\.png" that holds no picture\.$/],
    ['null', { image: null }, /^image is null that holds no picture\.$/],
    ['floats', { image: { ...image, data: new Float32Array(24) } }, /that holds no picture\.$/],
    [
      'RGB',
      { image: { ...image, data: new Uint8Array(18) } },
      /^image holds 18 bytes where 2 x 3 pixels .* need 24\.$/,
    ],
    ['no pixels', { image: { width: 0, height: 0, data: new Uint8Array() } }, /^image holds 0 bytes/],
  ])('is refused as %s', (_, options, message) => {
    expect(() => check(options)).toThrow(
      expect.objectContaining({ code: 'bad-argument', message: expect.stringMatching(message) }),
    );
  });

  it('is refused by a folder without an encoder, which is named', () => {
    expect(() => check({ image }, false)).toThrow(
      expect.objectContaining({
        code: 'bad-argument',
        message: expect.stringContaining('has no VAE encoder'),
        remedy: expect.stringContaining('vae/encoder.onnx'),
      }),
    );
    expect(() => check({ strength: 1 }, false)).toThrow('strength has no image');
  });
});

describe('its pixels', () => {
  it('are what they were at the size of the model, white where they are transparent', async () => {
    const data = Uint8Array.from([10, 20, 30, 255, 10, 20, 30, 0, 0, 100, 255, 51]);
    const raw = await fitImage({ width: 3, height: 1, data }, { width: 3, height: 1 });
    expect([...raw.data]).toEqual([10, 20, 30, 255, 255, 255, 255, 255, 204, 224, 255, 255]);
  });

  it.each([
    [image, /^The image is 2 x 3 pixels, and nothing here can make it 4 x 4\.$/],
    [new Blob([]), /^The image is a file, and nothing here can make it 4 x 4\.$/],
  ])('have to have that size in Node', async (given, message) => {
    await expect(fitImage(given, { width: 4, height: 4 })).rejects.toMatchObject({
      code: 'bad-argument',
      message: expect.stringMatching(message),
      remedy: 'Give { data, width, height } of 4 x 4 pixels, RGBA.',
    });
  });

  it('become planes from -1 to 1 and come back the same', () => {
    const data = Uint8ClampedArray.from({ length: 4 * 256 }, (_, i) => (i % 4 === 3 ? 255 : (i >> 2) + 7 * (i % 4)));
    const planes = toPlanes({ width: 16, height: 16, data, colorSpace: 'srgb' });
    expect([planes[0], planes[256], planes[255]]).toEqual([-1, Math.fround(7 / 127.5 - 1), 1]);
    expect(toRgba(planes, 16, 16).data).toEqual(data);
  });
});
