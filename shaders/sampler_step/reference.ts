import { type LatentSize, updateLatents } from '@webdit/core';

/** CFG and `sample * latents + eps`-update in f64; `prediction` is `[batch, modelChannels, plane]`. */
export function samplerStepReference(
  latents: Float32Array,
  prediction: Float32Array,
  size: LatentSize,
  step: { guidanceScale: number; guidanceChannels: number; sample: number; prediction: number },
): Float64Array {
  const guidance = { scale: step.guidanceScale, channels: step.guidanceChannels };
  return updateLatents(latents, prediction, size, guidance, step);
}
