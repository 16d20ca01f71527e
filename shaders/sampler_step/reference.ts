export interface SamplerStepSize {
  readonly batch: 1 | 2;
  readonly latentChannels: number;
  readonly modelChannels: number;
  /** Latent height x width. */
  readonly plane: number;
}

/** CFG and `sample * latents + eps`-update in f64; `prediction` is `[batch, modelChannels, plane]`. */
export function samplerStepReference(
  latents: Float32Array,
  prediction: Float32Array,
  size: SamplerStepSize,
  step: { guidanceScale: number; guidanceChannels: number; sample: number; prediction: number },
): Float64Array {
  const { batch, latentChannels, modelChannels, plane } = size;
  return Float64Array.from({ length: latentChannels * plane }, (_, i) => {
    const cond = prediction[i] as number;
    const guided = batch === 2 && Math.floor(i / plane) < step.guidanceChannels;
    const uncond = prediction[modelChannels * plane + i] as number;
    const eps = guided ? uncond + step.guidanceScale * (cond - uncond) : cond;
    return step.sample * (latents[i] as number) + step.prediction * eps;
  });
}
