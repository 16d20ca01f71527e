import { endToEnd, gpuTests, prepare, unitTests } from './stages.mjs';
import { runSuite } from './suite.mjs';

/** The slow rest, on top of `npm test`: files named *.full.test.ts, *.full.gpu.test.ts and *.full.e2e.ts. */
export async function run() {
  const env = { WEBDIT_FULL: '1' };
  await runSuite([prepare, unitTests(env), gpuTests(env), endToEnd('full')], 45);
}
