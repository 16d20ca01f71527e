import type { Painting } from '../../session.ts';
import { settingsKeyword, writePictureSettings } from './picture-settings.ts';

/** A picture as PNG, its settings in it if they are all that makes it again. The encoder is downloaded at the first use. */
export async function encodePicture(painting: Painting): Promise<Uint8Array<ArrayBuffer>> {
  const [{ encode }, { version }] = await Promise.all([import('fast-png'), import('webdit')]);
  const { width, height, data } = painting.image;
  const settings = painting.over ? {} : { [settingsKeyword]: writePictureSettings(painting, version) };
  const text = { ...settings, Software: `WebDiT ${version}` };
  // Quick rather than small: it runs between two frames.
  return Uint8Array.from(encode({ width, height, data, channels: 4, depth: 8, text }, { zlib: { level: 1 } }));
}

/** The pixels of a PNG that `encodePicture` wrote. */
export async function decodePicture(png: Uint8Array): Promise<ImageData> {
  const { decode } = await import('fast-png');
  const { width, height, data } = decode(png, { checkCrc: true });
  return new ImageData(Uint8ClampedArray.from(data), width, height);
}

/** What to call the file: `webdit-red-apple-7.png`. */
export function pictureFileName({ settings }: Pick<Painting, 'settings'>): string {
  const label = settings.label.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  return `webdit-${label}-${settings.seed}.png`.replace(/-{2,}/g, '-');
}
