import type { Latents } from 'webdit';

/**
 * Latents of a model without a VAE, to look at: the first three channels as red, green and blue, each stretched over its own
 * range. A pixel per latent pixel.
 * @param latents `[images, channels, height, width]`; the first image is shown.
 */
export function latentPicture({ data, shape }: Latents): ImageData {
  const [channels = 0, height = 0, width = 0] = shape.slice(-3);
  const size = height * width;
  const pixels = new Uint8ClampedArray(4 * size).fill(255);
  for (let color = 0; color < 3; color++) {
    const first = Math.min(color, channels - 1) * size;
    const channel = data.subarray(first, first + size);
    const low = channel.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
    const high = channel.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
    const range = high - low || 1;
    for (const [i, value] of channel.entries()) pixels[4 * i + color] = (255 * (value - low)) / range;
  }
  return new ImageData(pixels, width, height);
}
