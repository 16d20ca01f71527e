import { idleMove, type SamplerStep } from '@webdit/core';

/** Values of one `Step` slot (common/step.wgsl). */
export interface StepValues extends Omit<SamplerStep, 'timestep'> {
  readonly n: number;
  readonly modulationRow: number;
  readonly conditionRow: number;
  readonly guidanceChannels: number;
  readonly guidanceScale: number;
}

/** A step that leaves the latents alone. */
export const idleStep: StepValues = {
  ...idleMove,
  n: 0,
  modulationRow: 0,
  conditionRow: 0,
  guidanceChannels: 0,
  guidanceScale: 1,
};

/** Bytes of `Step` in WGSL, rounded up to 16. */
export const stepByteLength = 48;

/** Writes one slot at `byteOffset`, in the order of common/step.wgsl. */
export function writeStep(target: DataView, byteOffset: number, values: StepValues): void {
  const u32 = (index: number, value: number) => target.setUint32(byteOffset + index * 4, value, true);
  const f32 = (index: number, value: number) => target.setFloat32(byteOffset + index * 4, value, true);
  u32(0, values.n);
  u32(1, values.modulationRow);
  u32(2, values.conditionRow);
  u32(3, values.guidanceChannels);
  f32(4, values.guidanceScale);
  f32(5, values.sample);
  f32(6, values.prediction);
  f32(7, values.x0Sample);
  f32(8, values.x0Prediction);
  f32(9, values.history);
  f32(10, values.noise);
}
