import { endToEnd, fullTests, packages, prepare } from './stages.mjs';
import { runSuite } from './suite.mjs';
import { training } from './training.mjs';

export const stages = [prepare, packages, fullTests, endToEnd('full', 'full-timed'), training];

/**
 * The slow rest, on top of `npm test`: the packages as published, files named *.full.test.ts, *.full.gpu.test.ts and *.full.e2e.ts,
 * and the recipe in training/.
 */
export async function run() {
  await runSuite(stages, 45);
}
