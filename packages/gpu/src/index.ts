export { type AdapterInfo, adoptDevice, DeviceHolder, type DeviceOptions, requestDevice } from './device.ts';
export type { Caption, TextConditions } from './dit/caption.ts';
export type { InspectedStep } from './dit/inspect.ts';
export type { RunOptions, RunResult, StepEvent, StepTiming } from './dit/loop.ts';
export { DiTModel, type DiTModelOptions } from './dit/model.ts';
export type { PreviewRequest } from './dit/preview.ts';
export type { SelectedTokens, Trace, TraceRequest } from './dit/trace.ts';
export type { MathDType, WeightDType } from './dit/weights.ts';
export { adapterGrants } from './memory/adapter-grants.ts';
export { type DeviceGrants, grantsOf } from './memory/counting-device.ts';
export { MemoryCount, type RunMemory } from './memory/memory-count.ts';
export type { KernelCheck } from './tuner/check-kernels.ts';
export { type TuneWhen, type TuningOptions, timesKernels } from './tuner/choose.ts';
export { memoryStore, type TuningStore } from './tuner/store.ts';
export type { TuningInfo } from './tuner/tune.ts';
export {
  AutoencoderKLDecoder,
  type AutoencoderKLDecoderOptions,
  countDecoder,
  type DecoderMemory,
} from './vae/decoder.ts';
export type { VaeDType } from './vae/weights.ts';
