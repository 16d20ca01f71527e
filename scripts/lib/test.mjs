import { endToEnd, gpuTests, lint, prepare, sizes, typecheck, unitTests } from './stages.mjs';
import { runSuite } from './suite.mjs';

export const stages = [prepare, lint, typecheck, sizes, unitTests, gpuTests, endToEnd('smoke', 'smoke-timed')];

/** What every change must pass: rules, sizes, units, kernels and tiny goldens on every adapter, each user path once. */
export async function run() {
  await runSuite(stages, 12);
}
