export { type AdapterInfo, adoptDevice, DeviceHolder, type DeviceOptions, requestDevice } from './device.ts';
export {
  DiTModel,
  type DiTModelOptions,
  type RunOptions,
  type RunResult,
  type StepEvent,
  type StepTiming,
} from './dit/model.ts';
export type { PreviewRequest } from './dit/preview.ts';
export type { SelectedTokens, Trace, TraceRequest } from './dit/trace.ts';
export type { MathDType, WeightDType } from './dit/weights.ts';
export type { KernelCheck } from './tuner/check-kernels.ts';
export { type TuneWhen, type TuningOptions, timesKernels } from './tuner/choose.ts';
export { memoryStore, type TuningStore } from './tuner/store.ts';
export type { TuningInfo } from './tuner/tune.ts';
