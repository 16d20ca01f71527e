import { type ModelSource, type OpenOptions, readJson } from '../source.ts';
import { ConfigReader } from './config-reader.ts';

export type Rgb = readonly [red: number, green: number, blue: number];

/** A linear guess of what a VAE makes of latents: colour = bias + sum over channels of latent x factor, in [-1, 1]. */
export interface PreviewMap {
  /** One colour per latent channel, for latents that are not divided by the VAE's scaling factor. */
  readonly factors: readonly Rgb[];
  readonly bias: Rgb;
}

/**
 * The preview map of a VAE, `webdit-preview/1`.
 * @throws WebDiTError `unsupported-config`, naming the key; `not-found`.
 */
export async function readPreviewMap(
  source: ModelSource,
  path: string,
  channels: number,
  options: OpenOptions,
): Promise<PreviewMap> {
  const reader = new ConfigReader(await readJson(source, path, options), path);
  const format = reader.text('format');
  if (format !== 'webdit-preview/1') throw reader.fail(`has format ${format}; WebDiT reads webdit-preview/1`);
  const factors = reader.raw('factors');
  const bias = reader.raw('bias');
  // How it was made.
  reader.ignore('fitted');
  reader.done();
  if (!Array.isArray(factors) || factors.length !== channels || !factors.every(isRgb)) {
    throw reader.fail(`has factors that are not ${channels} triples of numbers, one for each latent channel`);
  }
  if (!isRgb(bias)) throw reader.fail('has a bias that is not three numbers');
  return { factors, bias };
}

function isRgb(value: unknown): value is Rgb {
  return Array.isArray(value) && value.length === 3 && value.every((part) => Number.isFinite(part));
}
