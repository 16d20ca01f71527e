import { WebDiTError } from '@webdit/core';
import type { OutputImages, OutputType } from './types.ts';

/** RGBA, 8 bits per channel, rows from the top. Has `ImageData`'s shape, because Node has no `ImageData`. */
export interface RawImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray<ArrayBuffer>;
  readonly colorSpace: 'srgb';
}

/**
 * Turns raw decoder output into opaque RGBA.
 * @param planes `[3, height, width]`, values in [-1, 1]; anything outside is clamped.
 * @throws WebDiTError `shape-mismatch` when the length is not 3 x height x width, `numeric` on NaN.
 */
export function toRgba(planes: Float32Array, width: number, height: number): RawImage {
  const size = width * height;
  if (planes.length !== 3 * size) {
    throw new WebDiTError(
      'shape-mismatch',
      `The decoder returned ${planes.length} values where a ${width} x ${height} picture has ${3 * size}.`,
      'Check that the decoder belongs to this model.',
    );
  }
  const data = new Uint8ClampedArray(4 * size);
  for (let i = 0; i < size; i++) {
    for (let channel = 0; channel < 3; channel++) {
      const value = planes[channel * size + i] as number;
      if (Number.isNaN(value)) {
        throw new WebDiTError(
          'numeric',
          'The decoded picture contains values that are not numbers.',
          "Try dtype: 'f32' or vaeBackend: 'wasm', and report the adapter.",
        );
      }
      data[4 * i + channel] = Math.round(Math.min(255, Math.max(0, 127.5 * (value + 1))));
    }
    data[4 * i + 3] = 255;
  }
  return { width, height, data, colorSpace: 'srgb' };
}

/** The inverse of `toRgba`: `[3, height, width]` in [-1, 1]. */
export function toPlanes({ data, width, height }: RawImage): Float32Array<ArrayBuffer> {
  const size = width * height;
  const planes = new Float32Array(3 * size);
  for (let i = 0; i < 3 * size; i++) {
    planes[i] = (data[4 * (i % size) + Math.floor(i / size)] as number) / 127.5 - 1;
  }
  return planes;
}

/** The output type used when the caller names none: bitmaps where they exist, plain pixels in Node. */
export function defaultOutputType(): OutputType {
  return typeof createImageBitmap === 'function' ? 'bitmap' : 'imageData';
}

/** Whether this thread can produce `type`. */
export function supportsOutput(type: OutputType): boolean {
  if (type === 'bitmap') return typeof createImageBitmap === 'function';
  if (type === 'blob') return typeof OffscreenCanvas === 'function';
  return true;
}

/** Wraps pixels in the form the caller asked for. Blobs are PNG. */
export async function packImage<O extends Exclude<OutputType, 'latent'>>(
  raw: RawImage,
  type: O,
): Promise<OutputImages[O]> {
  const pack = async (): Promise<OutputImages[Exclude<OutputType, 'latent'>]> => {
    if (type === 'imageData') return asImageData(raw);
    if (type === 'bitmap') {
      return createImageBitmap(asImageData(raw), { premultiplyAlpha: 'none', colorSpaceConversion: 'none' });
    }
    const canvas = new OffscreenCanvas(raw.width, raw.height);
    const context = canvas.getContext('2d');
    if (!context) throw outOfCanvas('encode the picture', "use outputType: 'imageData'");
    context.putImageData(asImageData(raw), 0, 0);
    return canvas.convertToBlob({ type: 'image/png' });
  };
  return (await pack()) as OutputImages[O];
}

export function outOfCanvas(purpose: string, instead: string): WebDiTError {
  return new WebDiTError(
    'out-of-memory',
    `The browser gave no 2D canvas to ${purpose}.`,
    `Close other tabs, or ${instead}.`,
  );
}

/** In Node, where there is no `ImageData`, the pixels as they are. */
export function asImageData(raw: RawImage): ImageData {
  return typeof ImageData === 'function' ? new ImageData(raw.data, raw.width, raw.height) : raw;
}
