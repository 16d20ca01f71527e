import type { GuidanceSpec, SamplerStep } from '../plan.ts';

export interface LatentSize {
  readonly batch: 1 | 2;
  readonly latentChannels: number;
  /** Channels of the prediction; a model with learned sigma has more than the latents. */
  readonly modelChannels: number;
  /** Latent height x width. */
  readonly plane: number;
}

/** `x' = sample x + prediction eps`. */
export type UpdateCoefficients = Pick<SamplerStep, 'sample' | 'prediction'>;

/**
 * Classifier-free guidance and the sampler's update, in f64: `x' = sample x + prediction eps`. With two rows, conditional and
 * unconditional, `eps = uncond + scale (cond - uncond)` on the guided channels and cond on the others; with one, cond.
 *
 * @param latents `[latentChannels, plane]`.
 * @param prediction `[batch, modelChannels, plane]`.
 */
export function updateLatents(
  latents: ArrayLike<number>,
  prediction: ArrayLike<number>,
  { batch, latentChannels, modelChannels, plane }: LatentSize,
  guidance: GuidanceSpec,
  step: UpdateCoefficients,
): Float64Array {
  return Float64Array.from({ length: latentChannels * plane }, (_, i) => {
    const cond = prediction[i] as number;
    const guided = batch === 2 && Math.floor(i / plane) < guidance.channels;
    const uncond = prediction[modelChannels * plane + i] as number;
    const eps = guided ? uncond + guidance.scale * (cond - uncond) : cond;
    return step.sample * (latents[i] as number) + step.prediction * eps;
  });
}
