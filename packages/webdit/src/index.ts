export {
  type BrokenConstraint,
  brokenConstraints,
  type CachePolicy,
  type CostEstimate,
  checkPattern,
  countSteps,
  defaultDeepLayerStart,
  defaultMode as defaultProCacheMode,
  derivePattern,
  estimateCost,
  injectSelective,
  type PatternLimits,
  type PolicyPlan,
  type ProCacheMode,
  parameterCount,
  parseSchedule,
  parseSearchState,
  parseTolerantJson,
  presets as proCacheRules,
  printSegments,
  type RunPlan,
  type RunSpec,
  removeSelective,
  requirePatterns,
  type Schedule,
  type SearchProgress,
  type SearchState,
  type SelectionSpec,
  type StepCompute,
  scheduleOfPlan,
  scheduleToJson,
  segmentLengths,
  WebDiTError,
} from '@webdit/core';
export type { KernelCheck } from '@webdit/gpu';
export {
  directorySource,
  type HubSourceOptions,
  hubSource,
  type ModelSource,
  opfsBackend,
  type PickedFile,
  type StoreBackend,
} from '@webdit/weights';
export { checkArguments } from './check-arguments.ts';
export { type DescribeModelOptions, describeModel, type ModelDescription } from './describe-model.ts';
export type {
  BenchmarkEvent,
  BenchmarkOptions,
  BenchmarkResult,
  CheckKernelsEvent,
  CheckKernelsOptions,
  CheckKernelsResult,
  VerifyEvent,
  VerifyOptions,
  VerifyResult,
} from './diagnosis/types.ts';
export { type CompareOptions, type CompareProgress, type CompareResult, comparePolicies } from './lab/compare.ts';
export {
  type CompareRow,
  type CompareSettings,
  type CompareState,
  type FewerSteps,
  type Measurement,
  parseCompareState,
  rowId,
  settingsOf as compareSettings,
} from './lab/comparison.ts';
export { type DuelOptions, type DuelProgress, type DuelResult, duel } from './lab/duel.ts';
export { adapterName, type LabPair, type LabPipe, makePairs } from './lab/pipe.ts';
export { type ScheduleSearchOptions, type ScheduleSearchResult, searchSchedules } from './lab/search.ts';
export { type RunStudyOptions, runStudy } from './lab/study/run-study.ts';
export { onPairs, type StudyStage, stageOf, studyStages } from './lab/study/stages.ts';
export { type Opponent, type RatioStandings, type Standing, studyStandings } from './lab/study/standings.ts';
export { standingsPlot } from './lab/study/standings-plot.ts';
export { standingsTable } from './lab/study/standings-table.ts';
export { parseStudy, type Study } from './lab/study/study.ts';
export { type CompareSummary, type KindSummary, summarize } from './lab/summary.ts';
export { compareTable } from './lab/table.ts';
export type { ModelInput } from './model-input.ts';
export { DiffusionPipeline, type FromPretrainedOptions } from './pipeline.ts';
export { type PlanModelOptions, planModel } from './plan-model.ts';
export type { DTypePlan, MemoryLimits, ModelPlan, PolicyMemory, TextPlan } from './planning/types.ts';
export { registerPolicy } from './policies.ts';
export { compareReports } from './report.ts';
export {
  deleteStoredModel,
  listStoredModels,
  type StorageFacts,
  type StoredModelsOptions,
  type StoreModelOptions,
  type StoreModelProgress,
  storageFacts,
  storeModel,
} from './stored-models.ts';
export type {
  AdapterInfo,
  CacheSpec,
  ComputeDevice,
  DType,
  Embeddings,
  EncodedPrompt,
  EncodePromptOptions,
  ErrorCode,
  GenerateInput,
  GenerateOptions,
  GenerateResult,
  InputImage,
  KindTotal,
  LabelInput,
  Latents,
  MathDType,
  ModelClass,
  OutputImages,
  OutputType,
  PipelineInfo,
  PreviewEvent,
  ProgressEvent,
  PromptInput,
  RunReport,
  StepEvent,
  StepKind,
  StepReport,
  StorageInfo,
  StoredModel,
  TextInput,
  TuneWhen,
  TuningInfo,
  VaeBackend,
  WarningEvent,
  WasmPaths,
} from './types.ts';
export type { TensorCheck } from './verify/checks.ts';
export { version } from './version.ts';
