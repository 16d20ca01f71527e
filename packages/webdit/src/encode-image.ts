import type { LatentGrid } from '@webdit/core';
import type { OnnxVae } from '@webdit/weights';
import { abortable } from './abortable.ts';
import { fitImage } from './fit-image.ts';
import { toPlanes } from './pixels.ts';
import type { InputImage } from './types.ts';
import { type VaeOptions, VaeSession } from './vae-session.ts';

// Imported on demand: most calls of `generate` bring no picture.

/**
 * Latents of a picture, by an `encoder.onnx` that gives them or their mean and log-variance, of which the mean is taken: diffusers'
 * `retrieve_latents` with `argmax`. The encoder is loaded for it and freed.
 * @throws what `LatentEncoder.encode` says.
 */
export async function encodeImage(
  image: InputImage,
  encoder: {
    readonly vae: OnnxVae;
    /** Of the latents. */
    readonly size: LatentGrid;
    readonly file: () => Promise<Uint8Array>;
  },
  options: VaeOptions & { readonly signal: AbortSignal },
): Promise<Float32Array> {
  const { vae, size } = encoder;
  const { latentChannels: channels, spatialScale, scalingFactor } = vae;
  const [width, height] = [size.width * spatialScale, size.height * spatialScale];
  const planes = toPlanes(await abortable(fitImage(image, { width, height }), options.signal));
  const half = { name: 'encoder', instead: 'leave image out' } as const;
  const session = await VaeSession.create(await encoder.file(), half, options);
  try {
    const shapes = [channels, 2 * channels].map((count) => [1, count, size.height, size.width]);
    const moments = await session.run(planes, [1, 3, height, width], shapes);
    options.signal.throwIfAborted();
    return moments.slice(0, channels * size.height * size.width).map((value) => value * scalingFactor);
  } finally {
    await session.release();
  }
}
