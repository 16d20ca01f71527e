export { type AdapterInfo, adoptDevice, DeviceHolder, type DeviceOptions, requestDevice } from './device.ts';
export {
  DiTModel,
  type DiTModelOptions,
  type RunOptions,
  type RunResult,
  type StepEvent,
  type StepTiming,
  type TraceRequest,
  type WeightDType,
} from './dit/model.ts';
