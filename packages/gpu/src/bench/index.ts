export { type BandwidthRate, type Ceilings, measureCeilings, type ProbeRate } from './ceilings.ts';
export {
  type BenchCase,
  type BenchClock,
  type BenchOptions,
  type BenchResult,
  measureInterleaved,
} from './measure.ts';
export type { BenchWeights } from './models.ts';
export { type BenchReport, type BenchSettings, type KernelRate, type ModelKernels, runBench } from './report.ts';
export { BenchScope, type Binding, type KernelCall } from './scope.ts';
export type { ModelSteps, StepCost } from './steps.ts';
export { benchTables, figures, percent, type Table, tableText } from './table.ts';
