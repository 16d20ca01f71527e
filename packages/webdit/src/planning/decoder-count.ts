import { latentGrid } from '@webdit/core';
import type { DeviceGrants } from '@webdit/gpu';
import type { DecoderMemory } from '@webdit/gpu/vae';
import type { ModelFolder } from '@webdit/weights';
import type { DType } from '../types.ts';

/** Bytes that decoding takes beside a transformer in a dtype. @throws WebDiTError `out-of-memory`, `unsupported-config`. */
export type DecoderCount = (dtype: DType) => Pick<DecoderMemory, 'weights' | 'activations'>;

const nothing = { weights: 0, activations: 0 };

/** Of a VAE that decodes in WGSL; nothing for any other. */
export const noDecoder: DecoderCount = () => nothing;

/** That of a folder's VAE, on a device. */
export async function decoderCount(
  { config, vae }: Pick<ModelFolder, 'config' | 'vae'>,
  grants: DeviceGrants,
): Promise<DecoderCount> {
  if (vae?.kind !== 'autoencoder-kl') return noDecoder;
  const { countAutoencoder } = await import('../autoencoder-decoder.ts');
  const known = new Map<DType, DecoderMemory>();
  return (dtype) => {
    const count = known.get(dtype) ?? countAutoencoder(vae, latentGrid(config), dtype, grants);
    known.set(dtype, count);
    return count;
  };
}
