import { WebDiTError } from '@webdit/core';
import { convertIndexedToRgb, type DecodedPng, decode } from 'fast-png';
import { readBytes } from './files.ts';

/** A picture in RGBA, 8 bits per channel. */
export interface PngPixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray;
}

/** Reads a PNG, but for one of grey in less than 8 bits. @throws WebDiTError `not-found`, `format`. */
export async function readPng(path: string): Promise<PngPixels> {
  const bytes = await readBytes(path);
  try {
    return toRgba(decode(bytes));
  } catch (cause) {
    throw new WebDiTError(
      'format',
      `${path} is not a PNG that can be read.`,
      'Pass a PNG file of 8 or 16 bits per channel.',
      { cause },
    );
  }
}

/** Grey, grey with alpha, RGB or RGBA of 8 or 16 bits, or a palette. */
function toRgba(png: DecodedPng): PngPixels {
  const { width, height } = png;
  const indexed = png.palette !== undefined;
  const values = indexed ? convertIndexedToRgb(png) : png.data;
  const channels = indexed ? (png.palette?.[0]?.length ?? 3) : png.channels;
  // Greys of less than a byte come packed.
  if (values.length !== width * height * channels) throw new RangeError(`${png.depth} bits a pixel are not read`);
  const most = indexed ? 255 : 2 ** png.depth - 1;
  const data = new Uint8ClampedArray(4 * width * height).fill(255);
  const colours = channels < 3 ? [0, 0, 0] : [0, 1, 2];
  for (let i = 0; i < width * height; i++) {
    const at = (channel: number) => ((values[channels * i + channel] as number) * 255) / most;
    colours.forEach((channel, c) => {
      data[4 * i + c] = at(channel);
    });
    if (channels % 2 === 0) data[4 * i + 3] = at(channels - 1);
  }
  return { width, height, data };
}
