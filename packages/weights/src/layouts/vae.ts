import { autoencoderScale, WebDiTError } from '@webdit/core';
import { type ModelSource, type OpenOptions, readJson } from '../source.ts';
import { type AutoencoderKL, openAutoencoderKL } from './autoencoder-kl.ts';
import { ConfigReader, unsupported } from './config-reader.ts';
import { vaeConfigPath } from './paths.ts';
import { type PreviewMap, readPreviewMap } from './preview.ts';

/** What the decoders of a folder have in common. */
interface VaeFacts {
  /** What latents are divided by before they are decoded. */
  readonly scalingFactor: number;
  readonly latentChannels: number;
  /** Pixels per latent pixel, along one side. */
  readonly spatialScale: number;
  /** Null when the folder has none. */
  readonly preview: PreviewMap | null;
}

/** An autoencoder as ONNX files. Pictures are [-1, 1]. */
export interface OnnxVae extends VaeFacts {
  readonly kind: 'onnx';
  /** Paths inside the model folder. */
  readonly decoder: string;
  readonly encoder: string | null;
}

/** An autoencoder whose decoder runs in WGSL, from its weights. Pictures are [-1, 1]. */
export type WeightsVae = VaeFacts & AutoencoderKL;

export type FolderVae = OnnxVae | WeightsVae;

/** Paths of the files that decoding needs, inside the model folder. */
export function decoderPaths(vae: FolderVae): string[] {
  return vae.kind === 'onnx' ? [vae.decoder] : vae.weightFiles.map(({ path }) => path);
}

/** Those of the files that encoding a picture needs; none where nothing can encode. */
export function encoderPaths(vae: FolderVae): string[] {
  return vae.kind === 'onnx' && vae.encoder !== null ? [vae.encoder] : [];
}

/** The VAE that a folder's index names; null with the reason where it names one that cannot be run, and without where it names none. */
export async function readVae(
  source: ModelSource,
  index: Readonly<Record<string, unknown>>,
  inChannels: number,
  options: OpenOptions,
): Promise<{ readonly vae: FolderVae | null; readonly note: string | null }> {
  const [library, kind] = Array.isArray(index.vae) ? index.vae : [];
  if (library === 'onnxruntime') return { vae: await readOnnxVae(source, inChannels, options), note: null };
  if (library !== 'diffusers' || kind !== 'AutoencoderKL') return { vae: null, note: null };
  try {
    return { vae: await readAutoencoderKL(source, inChannels, options), note: null };
  } catch (error) {
    // Without it a model still makes latents.
    if (!(error instanceof WebDiTError) || !['not-found', 'unsupported-config'].includes(error.code)) throw error;
    return { vae: null, note: `Results are latents, since the VAE cannot be used: ${error.message} ${error.remedy}` };
  }
}

/** @throws WebDiTError `unsupported-config`, naming the key; `not-found`. */
async function readOnnxVae(source: ModelSource, inChannels: number, options: OpenOptions): Promise<OnnxVae> {
  const reader = new ConfigReader(await readJson(source, vaeConfigPath, options), vaeConfigPath);
  reader.fixed('image_range', [-1, 1]);
  const encoder = reader.optionalText('encoder');
  const preview = reader.optionalText('preview');
  const vae: Omit<OnnxVae, 'preview'> = {
    kind: 'onnx',
    scalingFactor: reader.positive('scaling_factor'),
    latentChannels: reader.count('latent_channels'),
    spatialScale: reader.count('spatial_scale'),
    decoder: `vae/${reader.text('decoder')}`,
    encoder: encoder === null ? null : `vae/${encoder}`,
  };
  reader.done();
  checkChannels(vae, inChannels);
  return {
    ...vae,
    preview: preview === null ? null : await readPreviewMap(source, `vae/${preview}`, inChannels, options),
  };
}

/** @throws WebDiTError as `openAutoencoderKL`. */
async function readAutoencoderKL(source: ModelSource, inChannels: number, options: OpenOptions): Promise<WeightsVae> {
  const opened = await openAutoencoderKL(source, options);
  const { scalingFactor, latentChannels } = opened.config;
  const vae: WeightsVae = {
    ...opened,
    scalingFactor,
    latentChannels,
    spatialScale: autoencoderScale(opened.config),
    preview: null,
  };
  checkChannels(vae, inChannels);
  const { previewFile } = opened;
  if (previewFile === null) return vae;
  return { ...vae, preview: await readPreviewMap(source, `vae/${previewFile}`, inChannels, options) };
}

function checkChannels({ latentChannels }: Pick<VaeFacts, 'latentChannels'>, inChannels: number): void {
  if (latentChannels === inChannels) return;
  throw unsupported(`${vaeConfigPath} has latent_channels ${latentChannels}, but the transformer has ${inChannels}.`);
}
