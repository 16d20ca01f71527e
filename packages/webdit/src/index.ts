export { WebDiTError } from '@webdit/core';
export { DiffusionPipeline, type FromPretrainedOptions, type ModelInput } from './pipeline.ts';
export { compareReports } from './report.ts';
export type {
  AdapterInfo,
  CacheSpec,
  DType,
  ErrorCode,
  GenerateInput,
  GenerateOptions,
  GenerateResult,
  KindTotal,
  Latents,
  ModelClass,
  OutputImages,
  OutputType,
  PipelineInfo,
  ProgressEvent,
  RunReport,
  StepEvent,
  StepKind,
  StepReport,
  VaeBackend,
  WasmPaths,
} from './types.ts';
