/** How much a difference of the bytes is amplified to be seen. */
export const amplification = 10;

interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray;
}

/** RGBA bytes of `128 + amplification (b - a)`, opaque: grey where two pictures of the same size are equal. */
export function differencePixels(a: Pixels, b: Pixels): Uint8ClampedArray<ArrayBuffer> {
  const pixels = new Uint8ClampedArray(a.data.length);
  for (let i = 0; i < pixels.length; i++) {
    pixels[i] = i % 4 === 3 ? 255 : 128 + amplification * ((b.data[i] as number) - (a.data[i] as number));
  }
  return pixels;
}

export function differenceImage(a: ImageData, b: ImageData): ImageData {
  return new ImageData(differencePixels(a, b), a.width, a.height);
}
