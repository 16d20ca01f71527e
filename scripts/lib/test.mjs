import { endToEnd, gpuTests, lint, prepare, typecheck, unitTests } from './stages.mjs';
import { runSuite } from './suite.mjs';

/** What every change must pass: rules, units, kernels and tiny goldens on every adapter, each user path once. */
export async function run() {
  await runSuite([prepare, lint, typecheck, unitTests, gpuTests, endToEnd('smoke')], 12);
}
