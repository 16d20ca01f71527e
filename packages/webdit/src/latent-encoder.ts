import type { LatentGrid } from '@webdit/core';
import type { ModelFolder, OnnxVae } from '@webdit/weights';
import type { InputImage } from './types.ts';
import type { VaeOptions } from './vae-session.ts';

/** Makes latents of pictures. Nothing of it is loaded before the first, and nothing kept after each. */
export interface LatentEncoder {
  /**
   * @param size of the latents.
   * @returns `[channels, height, width]`, multiplied by the scaling factor.
   * @throws WebDiTError `bad-argument`, `not-found`, `network`, `format`, `shape-mismatch`; the signal's reason.
   */
  encode(image: InputImage, size: LatentGrid, signal: AbortSignal): Promise<Float32Array>;
}

/** The encoder of a folder; null where it has none that WebDiT runs. */
export function latentEncoder(
  { vae, read }: Pick<ModelFolder, 'vae' | 'read'>,
  options: Omit<VaeOptions, 'signal'>,
): LatentEncoder | null {
  if (vae?.kind !== 'onnx' || vae.encoder === null) return null;
  const path = vae.encoder;
  return {
    async encode(image, size, signal) {
      const { encodeImage } = await import('./encode-image.ts');
      const file = () => read(path, { signal });
      return encodeImage(image, { vae: vae satisfies OnnxVae, size, file }, { ...options, signal });
    },
  };
}
