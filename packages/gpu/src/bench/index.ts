export { inTurn } from '../turns.ts';
export { attentionSweepGroups } from './attention-sweep.ts';
export { type BandwidthRate, type Ceilings, measureCeilings, type ProbeRate } from './ceilings.ts';
export { benchLoadedModel, type LoadedBenchOptions } from './loaded.ts';
export { matmulSweepGroups } from './matmul-sweep.ts';
export {
  type BenchCase,
  type BenchClock,
  type BenchOptions,
  type BenchResult,
  measureInterleaved,
} from './measure.ts';
export { type BenchReport, type BenchSettings, type KernelRate, type ModelKernels, runBench } from './report.ts';
export { BenchScope, type Binding, type KernelCall } from './scope.ts';
export type { ModelSteps, StepCost } from './steps.ts';
export { runSweep, type SweepGroup, type SweepRate, type SweepResult, type SweepVariant } from './sweep.ts';
export { benchTables, figures, percent, sweepSummary, sweepTable, type Table, tableText } from './table.ts';
