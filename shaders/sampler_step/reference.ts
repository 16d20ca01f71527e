import { type LatentSize, type SamplerState, updateLatents } from '@webdit/core';
import type { StepValues } from '../common/step.ts';

/** CFG, the sampler's update and x0 in f64; `prediction` is `[batch, modelChannels, plane]`. */
export function samplerStepReference(
  state: SamplerState,
  prediction: Float32Array,
  size: LatentSize,
  step: Omit<StepValues, 'n' | 'modulationRow' | 'conditionRow'>,
): ReturnType<typeof updateLatents> {
  const guidance = { scale: step.guidanceScale, channels: step.guidanceChannels };
  return updateLatents(state, prediction, size, guidance, step);
}
