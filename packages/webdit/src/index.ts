export {
  type CachePolicy,
  type PolicyPlan,
  type RunSpec,
  type Schedule,
  type SearchProgress,
  type SearchState,
  type SelectionSpec,
  type StepCompute,
  WebDiTError,
} from '@webdit/core';
export { checkArguments } from './arguments.ts';
export { type CompareOptions, type CompareProgress, type CompareResult, comparePolicies } from './lab/compare.ts';
export {
  type CompareRow,
  type CompareSettings,
  type CompareState,
  type Measurement,
  parseCompareState,
} from './lab/comparison.ts';
export { adapterName, type LabPair, type LabPipe, makePairs } from './lab/pipe.ts';
export { type ScheduleSearchOptions, type ScheduleSearchResult, searchSchedules } from './lab/search.ts';
export { type CompareSummary, type KindSummary, summarize } from './lab/summary.ts';
export { compareTable } from './lab/table.ts';
export { DiffusionPipeline, type FromPretrainedOptions, type ModelInput } from './pipeline.ts';
export { registerPolicy } from './policies.ts';
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
  MathDType,
  ModelClass,
  OutputImages,
  OutputType,
  PipelineInfo,
  ProgressEvent,
  RunReport,
  StepEvent,
  StepKind,
  StepReport,
  TuneWhen,
  TuningInfo,
  VaeBackend,
  WasmPaths,
} from './types.ts';
