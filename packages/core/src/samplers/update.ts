import type { GuidanceSpec, SamplerStep } from '../plan.ts';

export interface LatentSize {
  readonly batch: 1 | 2;
  readonly latentChannels: number;
  /** Channels of the prediction; a model with learned sigma has more than the latents. */
  readonly modelChannels: number;
  /** Latent height x width. */
  readonly plane: number;
}

/** What a step knows of a sample, each `[latentChannels, plane]`. */
export interface SamplerState {
  readonly latents: ArrayLike<number>;
  /** The final latents as the step before foresaw them; not read in a step of `history` 0. */
  readonly x0: ArrayLike<number>;
  /** Of this step; not read in one of `noise` 0. */
  readonly noise?: ArrayLike<number> | undefined;
}

/**
 * Classifier-free guidance and the sampler's update, in f64: `x' = sample x + prediction output + history x0before + noise z`.
 * With two rows, conditional and unconditional, `output = uncond + scale (cond - uncond)` on the guided channels and cond on the
 * others; with one, cond.
 *
 * @param prediction `[batch, modelChannels, plane]`.
 */
export function updateLatents(
  state: SamplerState,
  prediction: ArrayLike<number>,
  { batch, latentChannels, modelChannels, plane }: LatentSize,
  guidance: GuidanceSpec,
  step: Omit<SamplerStep, 'timestep'>,
): { readonly latents: Float64Array; readonly x0: Float64Array } {
  const size = latentChannels * plane;
  const latents = new Float64Array(size);
  const x0 = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    const cond = prediction[i] as number;
    const guided = batch === 2 && Math.floor(i / plane) < guidance.channels;
    const uncond = prediction[modelChannels * plane + i] as number;
    const output = guided ? uncond + guidance.scale * (cond - uncond) : cond;
    const x = state.latents[i] as number;
    const past = step.history === 0 ? 0 : step.history * (state.x0[i] as number);
    const drawn = step.noise === 0 ? 0 : step.noise * (state.noise?.[i] as number);
    latents[i] = step.sample * x + step.prediction * output + past + drawn;
    x0[i] = step.x0Sample * x + step.x0Prediction * output;
  }
  return { latents, x0 };
}
