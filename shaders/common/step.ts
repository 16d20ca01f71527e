/** Values of one `Step` slot (common/step.wgsl). */
export interface StepValues {
  readonly n: number;
  readonly modulationRow: number;
  readonly conditionRow: number;
  readonly guidanceChannels: number;
  readonly guidanceScale: number;
  readonly sample: number;
  readonly prediction: number;
}

/** Bytes of `Step` in WGSL, rounded up to 16. */
export const stepByteLength = 32;

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
}
