import { expect, type Locator } from 'playwright/test';

/** What a canvas shows. */
export interface Shown {
  readonly width: number;
  readonly height: number;
  /** RGBA, row by row. */
  readonly bytes: readonly number[];
}

/** Reads a canvas, whatever context it was drawn with. */
export function readCanvas(canvas: Locator): Promise<Shown> {
  return canvas.evaluate((shown: HTMLCanvasElement) => {
    const { width, height } = shown;
    const copy = new OffscreenCanvas(width, height);
    const context = copy.getContext('2d') as OffscreenCanvasRenderingContext2D;
    context.drawImage(shown, 0, 0);
    return { width, height, bytes: [...context.getImageData(0, 0, width, height).data] };
  });
}

/** Its pixels, RGBA, as text. */
export const pixelsOf = async (canvas: Locator) => (await readCanvas(canvas)).bytes.join();

/** Fails unless the pixels are those of a picture of 64 x 64: opaque, and of many colours. */
export function expectPicture(text: string): void {
  const bytes = text.split(',').map(Number);
  expect(bytes).toHaveLength(64 * 64 * 4);
  const colours = new Set<number>();
  for (let i = 0; i < bytes.length; i += 4) {
    const [r = 0, g = 0, b = 0, a] = bytes.slice(i, i + 4);
    expect(a).toBe(255);
    colours.add((r << 16) | (g << 8) | b);
  }
  expect(colours.size).toBeGreaterThan(300);
}
