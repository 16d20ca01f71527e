import { WebDiTError } from '@webdit/core';
import { badArgument } from './check-values.ts';
import { outOfCanvas, type RawImage } from './pixels.ts';
import type { InputImage } from './types.ts';

interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * A picture at the model's size: cut to its shape around the middle, resized, on white where it is transparent. One of that size has the
 * bytes it had; in Node no other is taken.
 * @throws WebDiTError `format` for a file that holds no picture, `bad-argument`, `out-of-memory`.
 */
export async function fitImage(image: InputImage, size: Size): Promise<RawImage> {
  if ('data' in image && image.width === size.width && image.height === size.height) return onWhite(image, size);
  if (typeof OffscreenCanvas !== 'function') {
    const given = 'width' in image ? `${image.width} x ${image.height} pixels` : 'a file';
    throw badArgument(
      `The image is ${given}, and nothing here can make it ${size.width} x ${size.height}.`,
      `Give { data, width, height } of ${size.width} x ${size.height} pixels, RGBA.`,
    );
  }
  const bitmap = image instanceof ImageBitmap ? image : await toBitmap(image);
  try {
    return onWhite(draw(bitmap, size), size);
  } finally {
    // The caller's own stays open.
    if (bitmap !== image) bitmap.close();
  }
}

async function toBitmap(image: Exclude<InputImage, ImageBitmap>): Promise<ImageBitmap> {
  try {
    if (image instanceof Blob) return await createImageBitmap(image, { premultiplyAlpha: 'none' });
    const data = new ImageData(Uint8ClampedArray.from(image.data), image.width, image.height);
    return await createImageBitmap(data, { premultiplyAlpha: 'none', colorSpaceConversion: 'none' });
  } catch (cause) {
    throw new WebDiTError(
      'format',
      'The image is in no format that this browser reads.',
      'Give a PNG, JPEG or WebP file.',
      { cause },
    );
  }
}

/** The middle of a picture, in as large a part as has the shape of `size`. */
function draw(bitmap: ImageBitmap, { width, height }: Size): ImageData {
  const context = new OffscreenCanvas(width, height).getContext('2d');
  if (!context) throw outOfCanvas('resize the image', 'give one of the size of the model');
  const scale = Math.max(width / bitmap.width, height / bitmap.height);
  const [across, down] = [width / scale, height / scale];
  context.imageSmoothingQuality = 'high';
  context.drawImage(bitmap, (bitmap.width - across) / 2, (bitmap.height - down) / 2, across, down, 0, 0, width, height);
  return context.getImageData(0, 0, width, height);
}

function onWhite({ data }: { readonly data: ArrayLike<number> }, { width, height }: Size): RawImage {
  const opaque = new Uint8ClampedArray(4 * width * height);
  for (let i = 0; i < opaque.length; i += 4) {
    const alpha = data[i + 3] as number;
    for (let c = 0; c < 3; c++) opaque[i + c] = Math.round(255 + (((data[i + c] as number) - 255) * alpha) / 255);
    opaque[i + 3] = 255;
  }
  return { width, height, data: opaque, colorSpace: 'srgb' };
}
