export {
  type BenchCase,
  type BenchClock,
  type BenchOptions,
  type BenchResult,
  measureInterleaved,
} from './measure.ts';
export { BenchScope, type Binding, type KernelCall } from './scope.ts';
