import { firstStepOf, type WebDiTError } from '@webdit/core';
import { badArgument, show } from './check-values.ts';
import type { GenerateOptions, InputImage, PipelineInfo } from './types.ts';

/** The picture that a run starts from, as it crosses to the worker. */
export interface StartImage {
  readonly image: InputImage;
  readonly strength: number;
}

/** As in diffusers. */
const defaultStrength = 0.8;

/**
 * The picture of a `generate` call; null for none.
 * @throws WebDiTError `bad-argument` for one that is none, with latents, without an encoder, or for a strength out of range or alone.
 */
export function checkStartImage(
  { image, strength, latents }: GenerateOptions,
  encoder: PipelineInfo['model']['imageEncoder'],
): StartImage | null {
  if (image === undefined) {
    if (strength === undefined) return null;
    throw badArgument('strength has no image that it is for.', 'Give an image too, or leave strength out.');
  }
  if (latents !== undefined) throw badArgument('image and latents both set the first latents.', 'Give one of them.');
  checkImage(image);
  if (!encoder) throw noEncoder();
  const share: unknown = strength ?? defaultStrength;
  if (typeof share !== 'number') throw badArgument(`strength is ${show(share)}.`, 'Give a number from 0 to 1.');
  firstStepOf(1, share);
  return { image, strength: share };
}

export function noEncoder(): WebDiTError {
  return badArgument(
    'This model folder has no VAE encoder, so a run cannot start from an image.',
    'Leave image out, or add vae/encoder.onnx to the folder and name it in vae/config.json.',
  );
}

function checkImage(image: unknown): asserts image is InputImage {
  const is = (name: 'Blob' | 'ImageBitmap') => name in globalThis && image instanceof globalThis[name];
  if (is('Blob')) return;
  const { width, height, data } = (image ?? {}) as { width?: unknown; height?: unknown; data?: unknown };
  if (is('ImageBitmap')) {
    if (width !== 0) return;
    throw badArgument('image is an ImageBitmap that has been closed.', 'Give one that is open.');
  }
  const bytes = data instanceof Uint8ClampedArray || data instanceof Uint8Array;
  if (!bytes || !Number.isInteger(width) || !Number.isInteger(height)) {
    throw badArgument(
      `image is ${show(image)} that holds no picture.`,
      'Give a Blob, an ImageBitmap, an ImageData or { data, width, height } with RGBA bytes.',
    );
  }
  if (!((width as number) > 0) || data.length !== 4 * (width as number) * (height as number)) {
    throw badArgument(
      `image holds ${data.length} bytes where ${String(width)} x ${String(height)} pixels of RGBA need ${4 * (width as number) * (height as number)}.`,
      'Give four bytes for each pixel.',
    );
  }
}
