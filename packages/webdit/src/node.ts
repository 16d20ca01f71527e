/** Entry for Node: the pipeline without a worker, and the parts that diagnosis tools drive one by one. */
export { adoptDevice, type DeviceHolder, DiTModel, requestDevice } from '@webdit/gpu';
export { AutoencoderKLDecoder } from '@webdit/gpu/vae';
export {
  decoderPaths,
  type ModelFolder,
  networkSource,
  openAutoencoderKL,
  openModelFolder,
  storedSource,
} from '@webdit/weights';
export { pathSource } from '@webdit/weights/node';
export { automaticDType } from './dtype.ts';
export * from './index.ts';
export { type CalibrateOptions, calibrate } from './lab/calibrate.ts';
export { type ComparePlan, comparePlan, joinStates } from './lab/compare-plan.ts';
export type { SavedFile } from './lab/merge.ts';
export { mergeComparisons } from './lab/merge-compare.ts';
export { mergeSearches, type SearchPlan } from './lab/merge-search.ts';
export { fitPreview, type PreviewFit, type PreviewSample } from './lab/preview-fit.ts';
export { searchCandidates, searchShard } from './lab/search.ts';
export { type ForecastSearchOptions, searchForecasts } from './lab/search-forecasts.ts';
export {
  checkSamePlan,
  checkSameShard,
  checkShardCount,
  parseShard,
  printShard,
  type Shard,
  type ShardHeader,
  shardOf,
  splitShard,
} from './lab/shard.ts';
export { type PlanRequest, planFolder } from './planning/plan-folder.ts';
export { type EmbedPromptOptions, embedPrompt } from './text/embed-prompt.ts';
export { VaeDecoder } from './vae.ts';
export { checkLine, verdict } from './verify/checks.ts';
export { selectCases, targetsFor } from './verify/golden.ts';
export type { PreparedCase, VerifyBench } from './verify/run-case.ts';
export { runDecodes } from './verify/run-decodes.ts';
export { openGolden, prepareCases, runCases } from './verify/verify.ts';
