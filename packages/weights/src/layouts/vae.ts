import { type ModelSource, type OpenOptions, readJson } from '../source.ts';
import { ConfigReader } from './config-reader.ts';
import { type PreviewMap, readPreviewMap } from './preview.ts';

/** An autoencoder as ONNX files. Pictures are [-1, 1]; the decoder takes latents divided by `scalingFactor`. */
export interface OnnxVae {
  readonly kind: 'onnx';
  readonly scalingFactor: number;
  readonly latentChannels: number;
  /** Pixels per latent pixel, along one side. */
  readonly spatialScale: number;
  /** Paths inside the model folder. */
  readonly decoder: string;
  readonly encoder: string | null;
  /** Null when the folder has none. */
  readonly preview: PreviewMap | null;
}

const configPath = 'vae/config.json';

/**
 * `vae/config.json` of a folder whose index names an onnxruntime VAE; null for any other.
 * @throws WebDiTError `unsupported-config`, naming the key; `not-found`.
 */
export async function readVae(
  source: ModelSource,
  index: Readonly<Record<string, unknown>>,
  inChannels: number,
  options: OpenOptions,
): Promise<OnnxVae | null> {
  if (!Array.isArray(index.vae) || index.vae[0] !== 'onnxruntime') return null;
  const reader = new ConfigReader(await readJson(source, configPath, options), configPath);
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
  if (vae.latentChannels !== inChannels) {
    throw reader.fail(`has latent_channels ${vae.latentChannels}, but the transformer has ${inChannels}`);
  }
  return {
    ...vae,
    preview: preview === null ? null : await readPreviewMap(source, `vae/${preview}`, inChannels, options),
  };
}
